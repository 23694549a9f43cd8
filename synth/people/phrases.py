# ruff: noqa: E501
"""What people write about, interest by interest: the material of the grammar in `words.py`.

Each interest has a gerund for the bio, things, what was done with them ({thing} is filled in) and
remarks. Nothing here speaks of age, work, partners or children: `words.py` adds those from the record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Phrases:
    """Material of one interest."""

    gerund: str
    things: tuple[str, ...]
    deeds: tuple[str, ...]
    remarks: tuple[str, ...]


def _of(gerund: str, things: str, deeds: str, remarks: str) -> Phrases:
    return Phrases(gerund, *(tuple(part.split(" / ")) for part in (things, deeds, remarks)))


PHRASES: Mapping[str, Phrases] = MappingProxyType(
    {
        "television": _of(
            "good series",
            "the detective series / a baking contest / an old western / the nature programme / that "
            "Danish thriller / a quiz show / the late film / the hospital drama / a courtroom classic",
            "watched {thing} to the very end / promised myself one episode of {thing} and saw four / "
            "fell asleep during {thing} / guessed the ending of {thing} / started {thing} all over "
            "again / argued with the screen about {thing} / taped {thing} like it's 1995",
            "No spoilers, please. / The butler is far too calm. / The theme tune is stuck in my head. / "
            "The remote was under the cushion all along. / Popcorn counts as dinner. / I want that "
            "kitchen, not that murder. / The adverts were the best part.",
        ),
        "reading": _of(
            "novels",
            "a fat Russian novel / the new mystery / a book of short stories / a biography / some "
            "poetry / a travel diary / last year's prizewinner / a battered paperback / a sea story",
            "finished {thing} / read {thing} in two sittings / gave up on {thing} at page ninety / lent "
            "out {thing} and miss it / bought {thing} second hand / read the first line of "
            "{thing} three times / missed my stop because of {thing}",
            "The pile by the bed grew anyway. / Librarians are heroes. / I underlined far too much. / "
            "Recommendations welcome. / Page one of the next is waiting. / The film can't be this good. "
            "/ Bookmarks are for people with self-control.",
        ),
        "computer_internet": _of(
            "tinkering with computers",
            "the old laptop / my photo archive / a tiny website / the home network / forty passwords / "
            "the backup drive / a map of every bench in town / the printer / a spreadsheet of spreadsheets",
            "sorted out {thing} / spent hours on {thing} / updated {thing} and held my breath / lost and "
            "then found {thing} / taught myself how to mend {thing} / cleaned up {thing} / moved {thing} "
            "to a new machine",
            "Turning it off and on again works. / The cable was loose. / Nobody reads the manual, so I did. "
            "/ Fourteen open tabs, one of them useful. / Back up your pictures, people. / The cat approves "
            "of the warm keyboard. / It runs, don't touch it.",
        ),
        "games": _of(
            "board games",
            "a long game of chess / cards / the big farming game / a thousand-piece puzzle / backgammon / "
            "dominoes / the crossword / darts / a dungeon with dragons in it",
            "played {thing} / lost at {thing} with dignity / won at {thing} by pure luck / taught a friend "
            "{thing} / stayed up too late over {thing} / cleared the table for {thing} / called for a "
            "rematch at {thing}",
            "The dice have it in for me. / House rules caused a debate. / One piece is missing, of course. "
            "/ Revenge is on Thursday. / Beginner's luck is real. / I regret nothing but that move. / We "
            "stopped counting points at midnight.",
        ),
        "music_radio": _of(
            "music",
            "an old jazz record / the Sunday concert / a song from my school days / the blues hour / a "
            "string quartet / the new album by that folk singer / a brass band / the late-night programme "
            "/ a piano sonata",
            "listened to {thing} twice / hummed {thing} all the way home / heard {thing} on the radio / "
            "turned up {thing} / made everybody listen to {thing} / found {thing} in a box of records / "
            "practised along with {thing}",
            "The neighbours know the chorus by now. / That bass line! / Goosebumps at minute three. / My "
            "foot is still tapping. / Vinyl crackle included. / Some songs smell of summer. / It sounds "
            "better in the kitchen.",
        ),
        "arts_crafts_sewing": _of(
            "making things by hand",
            "a patchwork quilt / the blue sweater / a clay bowl / a watercolour of the bridge / new curtains "
            "/ a row of tiny boxes / a scarf in four greens / a linocut / the costume for the fair",
            "finished {thing} / unpicked half of {thing} / cut the pieces for {thing} / showed {thing} to "
            "the whole street / ran out of yarn and paint for {thing} / began {thing} / mended {thing}",
            "Measure twice, curse once. / It is meant to be crooked. / There is thread on everything I own. "
            "/ Handmade means no two alike. / The scissors are for fabric only. / Patience is a material, "
            "too. / I know who gets it for a present.",
        ),
        "culture_outings": _of(
            "museums",
            "the old masters / a small museum of clocks / the cathedral tower / an open-air play / the new "
            "sculpture hall / a castle ruin / an evening of short films / the print room / the botanical "
            "drawings",
            "went to see {thing} / stood a long time before {thing} / queued for {thing} / got lost on the "
            "way to {thing} / came back from {thing} full of plans / bought the postcard of {thing} / "
            "talked about {thing} all the way home",
            "Worth every minute of the queue. / The guard had the best stories. / My feet hurt, my head is "
            "happy. / The café was a work of art as well. / Go on a weekday. / I understood half and liked "
            "it all. / The gift shop won again.",
        ),
        "parties_events": _of(
            "a good party",
            "the garden party / a surprise birthday / the street festival / a wedding / the harvest dance / "
            "our costume night / the jubilee / a housewarming / the big barbecue",
            "danced at {thing} / baked a cake for {thing} / helped to set up {thing} / stayed till the end "
            "of {thing} / made a toast at {thing} / took far too many pictures at {thing} / arrived early "
            "for {thing} for once",
            "There is confetti in my shoes. / The band knew all the words. / Leftover cake for breakfast. / "
            "Somebody kept the keys, somebody kept time. / Best speech ever, under two minutes. / The "
            "fireworks were louder than planned. / Same again next year.",
        ),
        "socializing": _of(
            "long talks with friends",
            "coffee with the old crowd / a long lunch / an evening on the porch / tea and gossip / the "
            "Thursday table / a walk round the block / soup for eight / the corner café / a picnic",
            "met everybody for {thing} / laughed too loud over {thing} / invited the neighbours to {thing} / "
            "stretched {thing} to four hours / found time for {thing} / made new friends over {thing} / "
            "missed the last bus because of {thing}",
            "We solved nothing and feel better. / Nobody looked at a screen. / The pot was empty twice. / "
            "Old stories get better every time. / Next time at mine. / Bring a chair, there is always room. "
            "/ I needed that.",
        ),
        "phone": _of(
            "long phone calls",
            "a cousin abroad / my oldest friend / the whole choir / my aunt / a former colleague / the "
            "neighbour who moved away / my brother / someone from school / my sister",
            "talked to {thing} for two hours / rang {thing} out of the blue / got a call from {thing} / "
            "swapped recipes with {thing} over the phone / walked round the kitchen while on the line to {thing} / "
            "promised to call {thing} and did / sent {thing} eleven voice messages",
            "My ear is warm. / We always say goodbye five times. / Voices beat typing. / The battery gave up "
            "before we did. / News travels fast. / It felt like next door. / Call somebody today.",
        ),
        "relaxing": _of(
            "doing nothing at all",
            "the hammock / my favourite chair / the bench by the lake / a warm bath / the porch / a blanket "
            "on the grass / a pot of tea / the sunset / a quiet hour",
            "did nothing but enjoy {thing} / gave the afternoon to {thing} / cancelled everything for {thing} "
            "/ watched clouds from the comfort of {thing} / nearly fell asleep over {thing} / discovered "
            "{thing} again / kept {thing} all to myself",
            "The list can wait. / Highly recommended. / Even the birds were slow. / Zero steps, zero regrets. "
            "/ Doing nothing takes practice. / The light was like honey. / Silence is underrated.",
        ),
        "walking_hiking": _of(
            "long walks",
            "the ridge path / the forest loop / the old railway line / the lake trail / the hill behind town "
            "/ the coast path / a muddy shortcut / the waterfall track / the meadow way",
            "walked {thing} / took {thing} in the rain / met nobody on {thing} but a heron / got up before "
            "the sun for {thing} / ate my sandwich at the end of {thing} / lost and found {thing} again / "
            "showed a friend {thing}",
            "Boots are drying by the door. / The view did the talking. / Twelve kilometres, one plaster. / My "
            "legs will send a bill. / There was snow on the far side. / The map was wrong, the day was right. "
            "/ Fresh air is free.",
        ),
        "gym_fitness": _of(
            "workouts",
            "thirty lengths / the rowing machine / leg day / the early class / a new personal best / the "
            "kettlebells / twenty push-ups / the climbing wall / the stretching routine",
            "did {thing} / survived {thing} / skipped the lift and went for {thing} / surprised myself with "
            "{thing} / signed up for {thing} / talked a friend into {thing} / limped home from {thing}",
            "Stairs are my enemy tomorrow. / The shower was the best part. / Slow is fine, stopping isn't. / "
            "I can feel muscles I had forgotten. / The playlist did half the work. / Water, then more water. "
            "/ Same time on Thursday.",
        ),
        "running_cycling": _of(
            "running and cycling",
            "ten slow kilometres / the river lap / the hill climb / a flat tyre / the charity run / the new "
            "bike / the canal route / a head wind / the dawn ride",
            "took on {thing} / fought {thing} all the way / came home smiling after {thing} / beat my own "
            "time with {thing} / fixed a chain halfway through {thing} / shared {thing} with a stranger / "
            "paid for {thing} with an ice cream",
            "The wind is always against me, both ways. / New socks help. / A dog outran me. / Bananas are "
            "fuel. / I waved at everybody. / The last hill is a liar. / Legs like jelly, head like sky.",
        ),
        "ball_team_sports": _of(
            "team sports",
            "the Sunday match / five-a-side / the volleyball night / doubles / the local derby / a friendly / "
            "batting practice / the cup game / a kickabout in the park",
            "played in {thing} / scored in {thing} / saved one in {thing} / shouted myself hoarse at {thing} / "
            "lost {thing} by one point / turned up early for {thing} / captained {thing}",
            "The ball was in, I'll say no more. / Grass stains are medals. / The referee needs new glasses. / "
            "We win at the snack table. / My knee has an opinion. / Team photo, eyes closed. / Next week we "
            "bring a plan.",
        ),
        "outdoor_sports": _of(
            "the great outdoors",
            "the kayak / a day on skis / the trout stream / a small sailing boat / the climbing crag / the "
            "riding trail / the surfboard / the canoe / a morning on the lake",
            "was out early for {thing} / fell in love with {thing} again / got soaked thanks to {thing} / "
            "borrowed a friend's gear for {thing} / learned patience from {thing} / took my camera along for "
            "{thing} / planned all week for {thing}",
            "Three hours, one fish, zero regrets. / Cold hands, warm heart. / The water was like glass. / I "
            "came home with sand everywhere. / Weather is a matter of clothes. / The horse knew the way. / "
            "Nature keeps no timetable.",
        ),
        "yoga_dance": _of(
            "yoga and dancing",
            "the tango evening / the sunrise class / a headstand / the swing course / salsa night / the tree "
            "pose / an hour on the mat / the ballet class / the folk dance",
            "went to {thing} / wobbled through {thing} / forgot the world during {thing} / practised {thing} "
            "in the hallway / finally understood {thing} / stepped on only one foot at {thing} / smiled all "
            "through {thing}",
            "Breathe in, breathe out, fall over. / My hips lie a little. / Two left feet, one good teacher. / "
            "Sore and serene. / Music fixes posture. / The mat is my island. / We closed the place.",
        ),
        "watching_sports": _of(
            "match days",
            "the home game / extra time / the final / the penalty shoot-out / the season opener / a rainy "
            "replay / the long rally / the late goal / the last lap",
            "saw {thing} from the cheap seats / lost my voice during {thing} / hugged a stranger after {thing} "
            "/ could not watch {thing} without pacing / wore the lucky scarf for {thing} / saved the ticket "
            "from {thing} / explained {thing} to a visitor",
            "What a finish. / Next season is ours. / The scarf stays on. / I'm calm now, thank you. / That was "
            "never offside. / The pie was cold and perfect. / We sing better than we defend.",
        ),
        "religion": _of(
            "my congregation",
            "the early service / choir practice / the candle by the window / the old hymn / the reading group / "
            "the parish supper / a quiet prayer / the harvest service / the evening bells",
            "was glad of {thing} / stayed a while after {thing} / helped with {thing} / thought long about "
            "{thing} / invited a neighbour to {thing} / sang at {thing} / found comfort in {thing}",
            "Gratitude is a habit. / The hall smelled of wax and coffee. / A light week ahead, I hope. / Be kind "
            "to somebody today. / The tenor section needs volunteers. / Peace to you all. / Small words, big "
            "room.",
        ),
        "volunteering": _of(
            "lending a hand",
            "the food bank / the animal shelter / the river clean-up / the reading hour / the charity shop / the "
            "blood drive / the community kitchen / the repair café / the visitors' desk",
            "helped at {thing} / spent the morning at {thing} / met lovely people at {thing} / carried boxes for "
            "{thing} / signed up again for {thing} / brought cake to {thing} / learned a lot at {thing}",
            "Many hands, short work. / We still need drivers on Fridays. / Thank-yous keep me going. / Forty bags "
            "of rubbish, one lost boot. / An hour is plenty. / Tea was provided. / Come along, it's fun.",
        ),
        "cooking": _of(
            "cooking",
            "a slow onion soup / my grandmother's dumplings / lentils with lemon / sourdough number nine / a "
            "peach tart / the big pot of chilli / fresh pasta / a roast with too much garlic / pickled beans",
            "made {thing} / burnt {thing} just a little / shared {thing} with the house / tried {thing} from "
            "memory / doubled the recipe for {thing} / had seconds of {thing} / wrote down how I make {thing}",
            "The secret is butter. / No leftovers, no photo. / Every pan is dirty. / It needed salt, everything "
            "does. / The smoke alarm sang along. / Recipe on request. / Soup fixes most things.",
        ),
        "gardening": _of(
            "gardening",
            "the tomatoes / two rows of beans / the old rose / a bed of tulips / the compost / the apple tree / "
            "the herb pots / a stubborn hedge / the sweet peas",
            "got {thing} in before the rain / spent hours on {thing} / saved {thing} from the slugs / dug around "
            "{thing} / watered {thing} by moonlight / talked to {thing}, don't tell anyone / gave half of {thing} "
            "away",
            "Mud to the elbows. / The robin supervised. / Something is finally in bloom. / Weeds 3, me 1. / "
            "Seeds are small promises. / My back says hello. / Smell that soil.",
        ),
        "pets": _of(
            "my animals",
            "the dog / the cat / the rabbit / the old tabby / the rescue terrier / the parrot / the guinea pigs / "
            "the goldfish / the neighbour's spaniel",
            "walked, fed and admired {thing} / was woken at five by {thing} / took thirty pictures of {thing} / "
            "lost a staring contest with {thing} / brushed a second animal's worth of fur off {thing} / built a "
            "castle of boxes for {thing} / had to apologise for {thing}",
            "The sofa is no longer mine. / We are negotiating. / Muddy paws on clean sheets. / Good company never "
            "argues. / Treats were involved. / That face gets away with anything. / The vet says hello.",
        ),
        "diy_vehicles": _of(
            "fixing things",
            "the squeaky door / the old car / a new shelf / the leaking tap / the motorbike / the garden shed / a "
            "wobbly table / the gutter / the garage",
            "repaired {thing} / took {thing} apart / had a long look at {thing} / put {thing} back together / found the right "
            "screw for {thing} / swore at {thing} / finished {thing} with no parts left over",
            "No injuries, calling it a win. / The right tool is half the job. / Level, more or less. / It holds. / "
            "Duct tape is a lifestyle. / Three trips to the hardware shop. / Don't lean on it until Monday.",
        ),
        "children_play": _of(
            "building towers of bricks",
            "a pillow fort / the sandpit / a tower of bricks / hide and seek / a puppet show / the swings / finger "
            "paint / a treasure hunt / the toy train",
            "spent the afternoon on {thing} / was outvoted in favour of {thing} / lost track of time over {thing} / "
            "got promoted to captain of {thing} / rebuilt {thing} for the fifth time / laughed all through {thing} "
            "/ fell asleep before anyone else after {thing}",
            "There is glitter in the butter. / I was the dragon. / Small people, big rules. / The giggles were "
            "catching. / Bedtime was negotiated. / My castle was rated four out of ten. / Best meeting of the week.",
        ),
        "learning": _of(
            "learning something new",
            "Italian verbs / the evening course / a chapter on statistics / the exam paper / a lecture on volcanoes "
            "/ my handwriting / the history of bridges / bookkeeping / the periodic table",
            "worked on {thing} / understood {thing} at last / made flash cards for {thing} / fell down a rabbit hole "
            "because of {thing} / passed the test on {thing} / explained {thing} to a friend / filled a notebook "
            "with {thing}",
            "Curiosity is cheap. / My brain needs a nap. / Homework, voluntarily! / The teacher drew it in ten "
            "seconds. / Wrong answers teach best. / Sharpened every pencil first. / One page a day.",
        ),
        "cinema": _of(
            "the cinema",
            "the late show / a silent comedy / the new thriller / a double bill / the restored classic / a road "
            "movie / the festival opener / a film without words / the matinee",
            "saw {thing} / cried a bit at {thing} / had the whole row to myself for {thing} / went straight back "
            "into {thing} / stayed for the credits of {thing} / disagreed with every review of {thing} / dreamt of "
            "{thing}",
            "The big screen wins. / Salted popcorn, always. / The last shot! / Row five is the place. / Phones off, "
            "lights out. / The score is still in my ears. / I'd watch it again.",
        ),
        "shows": _of(
            "theatre and concerts",
            "the first night / a one-woman play / the opera / a circus tent / an evening of songs / the ballet / "
            "improv night / the open-air stage / a puppet theatre",
            "had a seat at {thing} / clapped till it hurt at {thing} / knew the lines before {thing} began / met an "
            "actor after {thing} / got a last-minute ticket for {thing} / held my breath at {thing} / whistled all "
            "the way back from {thing}",
            "Three curtain calls. / The understudy stole it. / Live is different. / Cheap seats, great view. / "
            "Somebody's telephone had a solo. / Bravo. / I still hear the violins.",
        ),
        "travelling": _of(
            "travelling",
            "the night train / a harbour town / the coast road / two days in Lisbon / the mountain village / an "
            "island ferry / the old quarter / a market far away / the border walk",
            "came back from {thing} / planned {thing} on a napkin / packed too much for {thing} / fell for {thing} / "
            "sent postcards from {thing} / found the best soup near {thing} / would return to {thing} tomorrow",
            "Window seat, please. / The detour was the trip. / I learned to say thank you. / Lost luggage, found "
            "friends. / Maps are poetry. / Home smells different now. / One more stamp.",
        ),
        "collecting": _of(
            "collecting",
            "an old stamp / a box of coins / a green glass bottle / a tin robot / a shell from the north / the last "
            "card of the set / a signed print / an enamel sign / a pressed fern",
            "found {thing} / swapped three doubles for {thing} / dusted {thing} / catalogued {thing} / paid too much "
            "for {thing} / gave {thing} a place of honour / searched ten years for {thing}",
            "The shelf is full, I know. / Condition: loved. / Flea markets reward early birds. / It has a twin. / "
            "Small things, long stories. / Every scratch is history. / Not for sale.",
        ),
        "knitting": _of(
            "knitting",
            "a cable sweater / the second sock / a baby blanket / mittens with stars / a shawl / the striped scarf / "
            "a tea cosy / grey wool / a hat for the winter",
            "knitted {thing} / dropped a stitch in {thing} / unravelled {thing} / cast on {thing} / finished {thing} "
            "on the train / chose buttons and ribbon for {thing} / counted the rows of {thing} again",
            "One more row. / The cat has the wool. / Knit, purl, tea. / Cold ears, beware. / Pattern? What pattern? / "
            "It is nearly a sleeve. / Warm by winter, promise.",
        ),
        "fishing": _of(
            "fishing",
            "the still pond / a stubborn pike / the river bend / the first trout / an old boot / the early tide / the "
            "quiet jetty / a borrowed rod / the far bank",
            "sat by the water for {thing} / came home talking of {thing} / was patient with {thing} / got up at four "
            "for {thing} / told everybody about {thing} / let the big one go after {thing} / shared my thermos over "
            "{thing}",
            "It was this big. / The heron did better. / Silence, water, coffee. / Nothing bit, everything fine. / Mist "
            "till nine. / Patience is the bait. / Fish for supper after all.",
        ),
    }
)
"""Interest → its phrases; interests that mean the same share them through `SAME_AS`."""

SAME_AS: Mapping[str, str] = MappingProxyType(
    {
        "listening_music": "music_radio",
        "playing_music": "music_radio",
        "exhibitions": "culture_outings",
        "computer": "computer_internet",
        "sport": "gym_fitness",
        "walking": "walking_hiking",
        "diy": "diy_vehicles",
    }
)
