"""Networks come and go: pgmpy models, BIF files, and pgmpy's learners behind our call."""

import gzip
import subprocess
import sys
from importlib.resources import files
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synth.bayes.bif import bif_text, read_bif, write_bif
from synth.bayes.coding import Coding, Pieces
from synth.bayes.counting import Codes
from synth.bayes.gaussian import Gaussian
from synth.bayes.learning import NetworkLearner
from synth.bayes.network import Network
from synth.bayes.parameters import Backoff
from synth.bayes.pgmpy_bridge import PgmpySearch, from_pgmpy, to_pgmpy
from synth.bayes.scores import FamilyScore
from synth.bayes.structure import EdgeConstraints
from synth.bench.structure import distance, example, sampled, true_edges
from synth.data.column import Column
from synth.data.evidence import Evidence
from synth.data.schema import Schema
from synth.data.table import make_table
from synth.errors import PopulaceError

pytest.importorskip("pgmpy")

RAIN = """
network weather {
  property author "somebody; somewhere" ;
}
// a comment
variable rain {
  type discrete [ 2 ] { yes, no };
}
variable grass {
  type discrete [ 3 ] { dry, damp, wet };
}
probability ( rain ) {
  table 0.2, 0.8;
}
probability ( grass | rain ) {
  (yes) 0.1, 0.2, 0.7;
  (no) 0.6, 0.3, 0.1;
}
"""


def _bundled(name):
    path = files("pgmpy") / "utils" / "example_models" / f"{name}.bif.gz"
    return gzip.decompress(path.read_bytes()).decode("utf-8")


def _small(names=("colour", "size"), levels=("red", "green", "blue"), missing=True):
    rng = np.random.default_rng(0)
    columns = (
        Column(names[0], "categorical", tuple(levels), missing=missing),
        Column(names[1], "integer", lower=1, upper=9, step=1.0),
    )
    pieces = Pieces(
        np.array([1, 2, 6]), np.array([1, 5, 9]), np.array([0, 1, 1]), np.array([1.0, 0.25, 0.75])
    )
    codings = {names[0]: Coding(columns[0]), names[1]: Coding(columns[1], pieces)}
    first = rng.dirichlet(np.ones(codings[names[0]].size))
    second = rng.dirichlet(np.ones(2), codings[names[0]].size)
    return Network(
        Schema(columns),
        codings,
        {names[0]: (), names[1]: (names[0],)},
        {names[0]: first, names[1]: second},
    )


def _with_gaussian():
    column = Column("height", "real", lower=100, upper=220, step=1.0)
    small = _small()
    gaussian = Gaussian(column, (), (), np.array(170.0), np.zeros((0,)), np.array(9.0))
    return Network(
        Schema((*small.schema.columns, column)),
        small.codings,
        small.parents,
        small.tables,
        {"height": gaussian},
    )


def _same(item, other, exact=True):
    assert set(item.schema.names) == set(other.schema.names)
    assert set(item.edges) == set(other.edges)
    for name in item.schema.names:
        assert item.codings[name].labels == other.codings[name].labels
        assert item.parents[name] == other.parents[name]
        np.testing.assert_allclose(
            item.tables[name], other.tables[name], rtol=1e-15 if exact else 1e-12, atol=1e-15
        )


# ---------------------------------------------------------------------- pgmpy


def test_a_network_goes_to_pgmpy_and_back():
    network = _small()
    model = to_pgmpy(network)
    assert model.check_model()
    assert model.get_cpds("size").state_names == {
        "size": ["1", "2–9"],
        "colour": ["red", "green", "blue", "missing"],
    }
    back = from_pgmpy(model)
    _same(network, back)
    assert back.schema["colour"].missing
    assert back.schema["size"].kind == "categorical"


def test_pgmpy_gives_the_same_answers():
    from pgmpy.inference import VariableElimination

    network = _small()
    answer = VariableElimination(to_pgmpy(network)).query(
        ["colour"], evidence={"size": "2–9"}, show_progress=False
    )
    ours = network.given(Evidence.parse("size=2..9", network.schema)).codes("colour")
    states = answer.state_names["colour"]
    wanted = [ours[network.codings["colour"].labels.index(state)] for state in states]
    np.testing.assert_allclose(answer.values, wanted, atol=1e-12)


def test_states_in_another_order_are_put_in_place():
    from pgmpy.factors.discrete import TabularCPD
    from pgmpy.models import DiscreteBayesianNetwork

    model = DiscreteBayesianNetwork([("a", "b")])
    model.add_cpds(
        TabularCPD("a", 2, [[0.3], [0.7]], state_names={"a": ["missing", "x"]}),
        TabularCPD(
            "b",
            2,
            [[0.9, 0.4], [0.1, 0.6]],
            evidence=["a"],
            evidence_card=[2],
            state_names={"b": [0, 1], "a": ["x", "missing"]},
        ),
    )
    network = from_pgmpy(model)
    assert network.codings["a"].labels == ("x", "missing")
    assert network.codings["b"].labels == ("0", "1")
    np.testing.assert_allclose(network.tables["a"], [0.7, 0.3])
    np.testing.assert_allclose(network.tables["b"], [[0.9, 0.1], [0.4, 0.6]])


def test_models_without_whole_tables_are_refused():
    from pgmpy.factors.discrete import TabularCPD
    from pgmpy.models import DiscreteBayesianNetwork

    model = DiscreteBayesianNetwork([("a", "b")])
    with pytest.raises(PopulaceError, match="The node a has no table"):
        from_pgmpy(model)
    model.add_cpds(TabularCPD("a", 2, [[0.5], [0.5]]), TabularCPD("b", 2, [[0.5], [0.5]]))
    with pytest.raises(PopulaceError, match="other parents"):
        from_pgmpy(model)
    with pytest.raises(PopulaceError, match="no columns"):
        from_pgmpy(DiscreteBayesianNetwork())


def test_gaussian_columns_are_refused():
    for leave in (to_pgmpy, bif_text):
        with pytest.raises(PopulaceError, match="Column height is Gaussian"):
            leave(_with_gaussian())


def test_pgmpy_is_not_imported_before_it_is_asked_for():
    code = "import sys, synth.bayes.pgmpy_bridge; sys.exit('pgmpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# ---------------------------------------------------------------------- BIF


@pytest.mark.parametrize("name", ["asia", "cancer", "child", "alarm", "insurance", "hepar2"])
def test_bundled_files_read_as_pgmpy_reads_them(name):
    from pgmpy.readwrite import BIFReader

    text = _bundled(name)
    network = read_bif(text)
    model = BIFReader(string=text).get_model()
    assert set(network.edges) == set(model.edges())
    for cpd in model.cpds:
        assert list(network.codings[cpd.variable].labels) == cpd.state_names[cpd.variable]
        assert list(network.parents[cpd.variable]) == cpd.variables[1:]
        theirs = np.moveaxis(cpd.values, 0, -1)
        theirs = theirs / theirs.sum(axis=-1, keepdims=True)
        np.testing.assert_allclose(network.tables[cpd.variable], theirs, atol=1e-12)


@pytest.mark.parametrize("name", ["asia", "child", "alarm"])
def test_networks_survive_a_bif_file(name, tmp_path):
    network = read_bif(_bundled(name))
    write_bif(network, tmp_path / "network.bif")
    _same(network, read_bif(tmp_path / "network.bif"))
    _same(network, read_bif(str(tmp_path / "network.bif")))


def test_pgmpy_reads_what_we_write():
    from pgmpy.readwrite import BIFReader

    network = read_bif(_bundled("child"))
    _same(network, from_pgmpy(BIFReader(string=bif_text(network)).get_model()), exact=False)


def test_strange_names_survive_a_bif_file():
    levels = ("a, b", "x|y", "{z}", "(p) [q];", "per // cent", "/* no */", "Ünïcode – ≥ 5", "table")
    network = _small(("my column", "probability"), levels)
    _same(network, read_bif(bif_text(network)))
    network = _small(("a=b", "7"), ("", "x")[1:])
    _same(network, read_bif(bif_text(network)))


@pytest.mark.parametrize("level", ['say "yes"', "two\nlines", "a\tb"])
def test_names_that_bif_cannot_hold_are_refused(level):
    with pytest.raises(PopulaceError, match="Column colour: BIF cannot write"):
        bif_text(_small(levels=(level, "other")))


def test_the_forms_of_a_table():
    by_row = read_bif(RAIN)
    assert by_row.schema.names == ("rain", "grass")
    np.testing.assert_allclose(by_row.tables["grass"], [[0.1, 0.2, 0.7], [0.6, 0.3, 0.1]])
    rows = RAIN[RAIN.index("  (yes)") : RAIN.rindex("}")]
    whole = RAIN.replace(rows, "  table 0.1 0.6 0.2 0.3 0.7 0.1;\n")
    _same(by_row, read_bif(whole))
    default = RAIN.replace("(yes) 0.1, 0.2, 0.7;", "default 0.1 0.2 0.7;")
    _same(by_row, read_bif(default))
    turned = rows.splitlines()
    _same(by_row, read_bif(RAIN.replace(rows, "\n".join(turned[::-1]) + "\n")))
    old = RAIN.replace("yes, no", "yes no").replace("grass | rain", "grass rain")
    _same(by_row, read_bif(old))
    quoted = RAIN.replace("rain", '"rain"').replace("wet", '"wet"')
    _same(by_row, read_bif(quoted))
    one_line = " ".join(line for line in RAIN.splitlines() if not line.startswith("//"))
    _same(by_row, read_bif(one_line))


def test_a_state_called_missing_is_missing():
    network = read_bif(RAIN.replace("yes", "missing"))
    assert network.schema["rain"].missing
    assert network.codings["rain"].labels == ("no", "missing")
    np.testing.assert_allclose(network.tables["rain"], [0.8, 0.2])
    np.testing.assert_allclose(network.tables["grass"][0], [0.6, 0.3, 0.1])


def test_rounded_rows_are_made_whole():
    network = read_bif(RAIN.replace("0.1, 0.2, 0.7", "0.333 0.333 0.333"))
    np.testing.assert_allclose(network.tables["grass"][0], 1 / 3)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (RAIN, "   {", "line 1: '{' is neither"),
        (RAIN, "network x {", "ends too early"),
        (RAIN, "network x { }\n", "no columns"),
        ("0.2, 0.8", "0.2, 0.9", "sums to 1.1"),
        ("0.2, 0.8", "0, 0", "sums to 0"),
        ("0.2, 0.8", "-0.2, 1.2", "'-0.2' is no probability"),
        ("0.2, 0.8", "nan, 0.8", "'nan' is no probability"),
        ("0.2, 0.8", "1e999, 0.8", "is no probability"),
        ("0.2, 0.8", "often", "'often' is no number"),
        ("0.2, 0.8", "0.2 0.4 0.4", "2 numbers were expected, not 3"),
        ("[ 2 ]", "[ 99999999999 ]", "announces '99999999999' states and has 2"),
        ("[ 2 ]", "[ ]", "announces"),
        ("discrete [ 2 ]", "continuous [ 2 ]", "'rain' is not discrete"),
        ("dry, damp, wet }", "dry, dry, wet }", "'dry' twice"),
        ("grass | rain", "grass | snow", "no variable 'snow'"),
        ("grass | rain", "grass | grass", "twice"),
        ("grass | rain", "grass | rain | rain", "two bars"),
        ("grass | rain", "rain | grass", "'rain' is there twice"),
        ("(no) 0.6, 0.3, 0.1;", "", "lacks rows"),
        ("(no) 0.6", "(yes) 0.6", "a row of 'grass' is there twice"),
        ("(no) 0.6", "(maybe) 0.6", "'rain' has no state 'maybe'"),
        ("(no) 0.6", "(no, no) 0.6", "2 states for 1 parents"),
        ("variable grass", "variable rain", "twice"),
        ("variable grass", "colour grass", "neither network, variable nor probability"),
        ("variable grass", "variable", "no name"),
        ("// a comment", "/* a comment", "line 5: a quote or a comment is not closed"),
        ("// a comment", '"a quote', "not closed|neither"),
        ("(no) 0.6, 0.3, 0.1;\n}", "(no) 0.6, 0.3, 0.1;", "ends too early"),
        ("probability ( rain ) {\n  table 0.2, 0.8;\n}", "", "no probability block for 'rain'"),
        ("probability ( rain ) {\n  table 0.2, 0.8;",
         "probability ( rain | grass ) {\n  default 0.2 0.8;", "circle"),
        ("rain {\n  type", "rain {\n  colour", "stands inside a variable"),
    ],
)  # fmt: skip
def test_hostile_files_get_a_sentence(old, new, message):
    assert old in RAIN
    with pytest.raises(PopulaceError, match=message) as error:
        read_bif(RAIN.replace(old, new))
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 300


def test_tables_that_would_fill_the_memory_are_refused():
    text = "".join(
        f"variable v{i} {{ type discrete [ 40 ] {{ {', '.join(map(str, range(40)))} }}; }}\n"
        for i in range(9)
    )
    text += "probability ( v0 | v1, v2, v3, v4, v5, v6, v7, v8 ) { default 1; }"
    with pytest.raises(PopulaceError, match="more than 16,777,216 numbers"):
        read_bif(text)


def test_files_that_cannot_be_read_get_a_sentence(tmp_path):
    with pytest.raises(PopulaceError, match="cannot be read"):
        read_bif(tmp_path / "none.bif")
    with pytest.raises(PopulaceError, match="cannot be read"):
        read_bif(tmp_path)
    with pytest.raises(PopulaceError, match="no path"):
        read_bif("nul\0byte.bif")
    packed = tmp_path / "asia.bif.gz"
    packed.write_bytes(gzip.compress(RAIN.encode()))
    with pytest.raises(PopulaceError, match="not UTF-8"):
        read_bif(packed)
    marked = tmp_path / "marked.bif"
    marked.write_bytes(b"\xef\xbb\xbf" + RAIN.encode())
    _same(read_bif(RAIN), read_bif(marked))
    endless = tmp_path / "endless.bif"
    with endless.open("wb") as file:
        file.truncate((64 << 20) + 1)
    with pytest.raises(PopulaceError, match="more than 64 MB"):
        read_bif(endless)


@given(st.data())
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_damage_gives_a_network_or_a_sentence(data):
    text = RAIN
    for _ in range(data.draw(st.integers(1, 4))):
        low = data.draw(st.integers(0, len(text)))
        high = data.draw(st.integers(low, min(low + 40, len(text))))
        piece = data.draw(
            st.sampled_from(["", "{", "}", '"', "(", "|", ",", ";", "/*", "0", "missing", "\u202e"])
            | st.text(max_size=5)
        )
        text = text[:low] + piece + text[high:]
    try:
        network = read_bif(text + "\n")
    except PopulaceError as error:
        assert str(error)
    else:
        _same(network, read_bif(bif_text(network)), exact=False)


# ---------------------------------------------------------------------- pgmpy's learners


def _acyclic(edges, n):
    left = set(range(n))
    while left:
        free = [v for v in left if not any(b == v and a in left for a, b in edges)]
        if not free:
            return False
        left -= set(free)
    return True


@pytest.mark.parametrize("method", ["pc", "ges", "tree"])
def test_pgmpys_learners_find_most_of_asia(method):
    network = example("asia")
    codes = sampled(network, 5000, 0)
    score = FamilyScore("bic", codes, Backoff(codes))
    messages = []
    search = PgmpySearch(method, codes, EdgeConstraints()).fit(
        score, codes.sizes, lambda *now: messages.append(now)
    )
    assert _acyclic(search.edges_, 8)
    assert messages == [(len(search.edges_), search.score_)]
    families = [[a for a, b in search.edges_ if b == v] for v in range(8)]
    assert search.score_ == pytest.approx(sum(score(v, p) for v, p in enumerate(families)))
    joined = {frozenset(edge) for edge in search.edges_}
    true = {frozenset(edge) for edge in true_edges(network)}
    assert len(joined & true) >= 5
    if method != "tree":
        assert distance(search.edges_, true_edges(network)) <= 4
    again = PgmpySearch(method, codes, EdgeConstraints()).fit(score, codes.sizes)
    assert again.edges_ == search.edges_


@pytest.mark.parametrize("method", ["pc", "ges", "tree"])
def test_pgmpys_learners_keep_the_rules(method):
    network = example("asia")
    codes = sampled(network, 2000, 1)
    number = {name: i for i, name in enumerate(network.schema.names)}
    smoke, lung, bronc, dysp = (number[n] for n in ("smoke", "lung", "bronc", "dysp"))
    rules = EdgeConstraints(
        required=frozenset({(dysp, smoke)}),
        forbidden=frozenset({(smoke, lung), (lung, smoke), (bronc, dysp)}),
        linked=frozenset({(lung, number["asia"])}),
        max_parents=2,
        max_states=16,
    )
    score = FamilyScore("k2", codes, Backoff(codes))
    edges = set(PgmpySearch(method, codes, rules).fit(score, codes.sizes).edges_)
    assert _acyclic(edges, 8)
    assert (dysp, smoke) in edges
    assert not edges & rules.forbidden
    assert (lung, number["asia"]) in edges or (number["asia"], lung) in edges
    assert max(sum(b == v for _, b in edges) for v in range(8)) <= 2


def test_columns_that_never_vary_are_left_alone():
    values = np.zeros((3, 500), np.int32)
    values[1] = np.arange(500) % 2
    codes = Codes(values, (1, 2, 1))
    score = FamilyScore("k2", codes, Backoff(codes))
    for method in ("pc", "ges", "tree"):
        assert PgmpySearch(method, codes, EdgeConstraints()).fit(score, codes.sizes).edges_ == ()


def test_weights_are_understood_or_refused():
    codes = sampled(example("asia"), 300, 0)
    weighed = Codes(codes.values, codes.sizes, np.ones(codes.rows))
    score = FamilyScore("k2", weighed, Backoff(weighed))
    PgmpySearch("ges", weighed, EdgeConstraints()).fit(score, weighed.sizes)
    for method in ("pc", "tree"):
        with pytest.raises(PopulaceError, match="cannot weigh rows"):
            PgmpySearch(method, weighed, EdgeConstraints()).fit(score, weighed.sizes)
    with pytest.raises(PopulaceError, match="no search 'magic'"):
        PgmpySearch("magic", codes, EdgeConstraints()).fit(score, codes.sizes)


@pytest.mark.parametrize("search", ["pc", "ges", "tree"])
def test_the_learner_takes_another_search(search):
    rng = np.random.default_rng(0)
    age = rng.integers(18, 80, 1500)
    frame = pd.DataFrame(
        {
            "age": age,
            "retired": (age > 65) ^ (rng.random(1500) < 0.05),
            "hobby": np.where(rng.random(1500) < 0.8, np.where(age > 50, "golf", "dance"), "chess"),
            "hand": rng.choice(["left", "right"], 1500, p=[0.1, 0.9]),
        }
    )
    table = make_table(frame)
    network = NetworkLearner(score="bic", search=search, bins=6).fit(table).network_
    assert network.about["search"] == search
    joined = {frozenset(edge) for edge in network.edges}
    assert frozenset(("age", "hobby")) in joined or frozenset(("age", "retired")) in joined
    assert len(network.given().sample(100, seed=0)) == 100
    with pytest.raises(PopulaceError, match="no search"):
        NetworkLearner(search="luck").fit(table)


def test_directed_completion_keeps_classes():
    """Every class of four columns is completed to one of its own graphs."""
    from synth.bayes.pgmpy_bridge import _order
    from synth.bench.structure import equivalence_class

    rng = np.random.default_rng(0)
    pairs = list(combinations(range(5), 2))
    for _ in range(200):
        order = rng.permutation(5)
        edges = [(int(order[a]), int(order[b])) for a, b in pairs if rng.random() < 0.5]
        marks = equivalence_class(edges)
        directed = {(a, b) if m == "→" else (b, a) for (a, b), m in marks.items() if m != "–"}
        undirected = {pair for pair, m in marks.items() if m == "–"}
        place = {v: i for i, v in enumerate(_order(5, directed, undirected))}
        completed = [(a, b) if place[a] < place[b] else (b, a) for a, b in directed | undirected]
        assert directed <= set(completed)
        assert distance(completed, edges) == 0


@pytest.mark.parametrize("name", ["munin1", "link"])
def test_one_column_of_a_wide_network_is_asked_about_without_the_rest(name):
    """Case 15: barren nodes are pruned, so what its ancestors answer is answered."""
    network = read_bif(_bundled(name))
    posterior = network.given()
    roots = [column for column in network.order if not network.parents[column]]
    for root in roots[:5]:
        np.testing.assert_allclose(
            posterior.marginal(root).probabilities, network.tables[root], atol=1e-12
        )
    child = next(c for c in network.order if len(network.parents[c]) == 1)
    (parent,) = network.parents[child]
    wanted = posterior.codes(parent) @ network.tables[child]
    np.testing.assert_allclose(posterior.codes(child), wanted, atol=1e-12)


def test_columns_asked_about_alone_agree_with_the_sweep(monkeypatch):
    from synth.bayes import inference

    network = read_bif(_bundled("child"))
    facts = Evidence.parse("LungParench=Congested,Age=0-3_days", network.schema)
    swept = network.given(facts)
    assert swept._is_swept
    with monkeypatch.context() as patched:
        patched.setattr(inference, "SWEEP_CELLS", 1)
        alone = network.given(facts)
        for name in network.order:
            np.testing.assert_allclose(alone.codes(name), swept.codes(name), atol=1e-12)
    assert not alone._is_swept


@pytest.mark.parametrize(
    "numbers",
    ["0.33, 0.33, 0.33", "0.335 0.335 0.335", "0.333, 0.333, 0.333", "0.3334 0.3334 0.3334"],
)
def test_numbers_that_were_rounded_are_normalised(numbers):
    text = "variable a { type discrete [ 3 ] { x, y, z }; }\n"
    network = read_bif(text + f"probability ( a ) {{ table {numbers}; }}")
    np.testing.assert_allclose(network.tables["a"], 1 / 3, atol=1e-12)


@pytest.mark.parametrize("numbers", ["0.3 0.3 0.3", "0.33 0.33 0.30", "0.3330 0.3330 0.3000"])
def test_numbers_that_rounding_does_not_explain_are_refused(numbers):
    text = "variable a { type discrete [ 3 ] { x, y, z }; }\n"
    with pytest.raises(PopulaceError, match="of the table of a sums to"):
        read_bif(text + f"probability ( a ) {{ table {numbers}; }}")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (
            '<?xml version="1.0"?>\n<!DOCTYPE BIF [ ]>\n<BIF VERSION="0.3"><NETWORK/></BIF>',
            "XMLBIF",
        ),
        ('<?xml version="1.0"?>\n<!-- by hand -->\n<BIF VERSION="0.3">\n</BIF>', "XMLBIF"),
        ('<?xml version="1.0"?>\n<smile version="1.0" id="a">\n</smile>', "GeNIe"),
        ('<?xml version="1.0"?>\n<other/>\n', "an XML file"),
        ("net\n{\n  node_size = (80 40);\n}\nnode a { }", "Hugin"),
        ("% made by hand\nnet { }", "Hugin"),
        ('belief network "asia"\nnode a { }', "Microsoft"),
        ("// ~->[DNET-1]->~\nbnet asia {\n}", "Netica"),
        ("BAYES\n2\n2 2\n", "UAI"),
        ('{"nodes": []}', "JSON"),
    ],
)
def test_other_formats_are_named(text, name, tmp_path):
    """Case 15: which file it is, and what to do; as text and as a file."""
    (tmp_path / "n.bif").write_text(text, encoding="utf-8-sig")
    for source in (text, tmp_path / "n.bif"):
        with pytest.raises(PopulaceError, match=f"This is .*{name}.*, not BIF: .*save it as .bif"):
            read_bif(source)
