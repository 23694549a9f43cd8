// A thousand faces on a canvas; each walks to its group's place when another column is chosen.
const TALLEST = 30, SMALLEST = 7, LABEL = 22, WALK = 900, HEIGHT = 620;

function layout(grouping, width) {
  const members = grouping.labels.map(() => []);
  grouping.codes.forEach((code, person) => members[code].push(person));
  let size = TALLEST;
  const rows = (side) => members.reduce((sum, group) => sum + Math.ceil(group.length / Math.max(1, Math.floor(width / side))), 0);
  while (size > SMALLEST && rows(size) * size + members.length * LABEL > HEIGHT) size -= 0.5;
  const across = Math.max(1, Math.floor(width / size));
  const places = new Float32Array(grouping.codes.length * 2), labels = [];
  let top = 0;
  members.forEach((group, code) => {
    labels.push({ top, text: grouping.labels[code], count: group.length });
    top += LABEL;
    group.forEach((person, at) => {
      places[2 * person] = (at % across) * size;
      places[2 * person + 1] = top + Math.floor(at / across) * size;
    });
    top += Math.ceil(group.length / across) * size;
  });
  return { places, labels, size, height: Math.ceil(top) + 4 };
}

export default function (component) {
  const { data, parentElement } = component;
  const root = parentElement.querySelector(".crowd");
  const chosen = Number(root.dataset.chosen ?? 0) < data.groupings.length ? Number(root.dataset.chosen ?? 0) : 0;
  const label = document.createElement("label"), select = document.createElement("select");
  label.append("Group by", select);
  data.groupings.forEach((grouping, at) => select.add(new Option(grouping.title, at)));
  select.value = chosen;
  const stage = document.createElement("div"), canvas = document.createElement("canvas");
  stage.className = "stage";
  canvas.setAttribute("role", "img");
  stage.append(canvas);
  root.replaceChildren(label, stage);
  const brush = canvas.getContext("2d"), sheet = new Image();
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const total = data.tiles.length;
  let now = null, from = null, to = null, began = 0, frame = 0;

  const draw = (moved) => {
    const ratio = window.devicePixelRatio || 1;
    brush.setTransform(ratio, 0, 0, ratio, 0, 0);
    brush.clearRect(0, 0, canvas.width, canvas.height);
    const ease = moved * moved * (3 - 2 * moved), size = from.size + (to.size - from.size) * ease;
    now = { places: new Float32Array(2 * total), size };
    for (let person = 0; person < total; person++) {
      const tile = data.tiles[person];
      const x = from.places[2 * person] + (to.places[2 * person] - from.places[2 * person]) * ease;
      const y = from.places[2 * person + 1] + (to.places[2 * person + 1] - from.places[2 * person + 1]) * ease;
      now.places[2 * person] = x;
      now.places[2 * person + 1] = y;
      brush.drawImage(sheet, (tile % data.across) * data.tile, Math.floor(tile / data.across) * data.tile,
        data.tile, data.tile, x, y, size - 1, size - 1);
    }
  };

  const step = (time) => {
    const moved = Math.min(1, (time - began) / WALK);
    draw(moved);
    frame = moved < 1 ? requestAnimationFrame(step) : 0;
  };

  const arrange = (walk) => {
    const width = stage.clientWidth;
    if (!width || !sheet.complete) return;
    const grouping = data.groupings[Number(select.value)];
    to = layout(grouping, width);
    const ratio = window.devicePixelRatio || 1, height = Math.max(to.height, walk && now ? canvas.height / ratio : 0);
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    canvas.style.height = `${height}px`;
    stage.querySelectorAll("p").forEach((line) => line.remove());
    const words = to.labels.map((each) => `${each.text} ${Math.round((100 * each.count) / total)}%`);
    canvas.setAttribute("aria-label", `${total} people by ${grouping.title}: ${words.join(", ")}`);
    for (const each of to.labels) {
      const line = document.createElement("p"), strong = document.createElement("b");
      strong.textContent = each.text;
      line.append(strong, ` ${Math.round((100 * each.count) / total)}% · ${each.count}`);
      line.style.top = `${each.top + 2}px`;
      stage.append(line);
    }
    cancelAnimationFrame(frame);
    from = walk && now && !still.matches ? now : to;
    began = performance.now();
    if (from === to) draw(1);
    else frame = requestAnimationFrame(step);
  };

  select.addEventListener("change", () => {
    root.dataset.chosen = select.value;
    arrange(true);
  });
  sheet.addEventListener("load", () => arrange(false));
  sheet.src = data.sheet;
  const watch = new ResizeObserver(() => arrange(false));
  watch.observe(stage);
  return () => {
    watch.disconnect();
    cancelAnimationFrame(frame);
  };
}
