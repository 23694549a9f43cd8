// Draws a network's columns and arrows; a click on a column is reported to the page.
const SVG = "http://www.w3.org/2000/svg";

function make(name, attributes, ...inside) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  for (const part of inside) element.append(part);
  return element;
}

function curve(points) {
  let path = `M${points[0][0]},${points[0][1]}`;
  for (let i = 1; i < points.length; i++) {
    const [x0, y0] = points[i - 1], [x, y] = points[i];
    const middle = (y0 + y) / 2;
    path += x0 === x ? `V${y}` : `C${x0},${middle} ${x},${middle} ${x},${y}`;
  }
  return path;
}

function drawing(plan, data, tip, choose) {
  const [width, height] = plan.box;
  const svg = make("svg", {
    viewBox: `-4 -8 ${plan.width + 8} ${plan.height + 14}`,
    class: plan.kind,
    role: "group",
    "aria-label": data.label,
  });
  svg.style.maxWidth = `${(plan.width + 8) * plan.most}px`;
  const near = new Set([data.chosen]);
  for (const edge of data.edges) {
    if (edge.parent === data.chosen) near.add(edge.child);
    if (edge.child === data.chosen) near.add(edge.parent);
  }
  const relation = (edge) =>
    edge.highlighted || edge.child === data.chosen ? "into" : edge.parent === data.chosen ? "out" : data.chosen ? "far" : "any";
  const heads = new Map();
  const order = [...data.edges.keys()].sort((a, b) => {
    const rank = (i) => (["into", "out"].includes(relation(data.edges[i])) ? 1 : 0);
    return rank(a) - rank(b) || data.edges[a].weight - data.edges[b].weight;
  });
  for (const i of order) {
    const edge = data.edges[i], points = plan.routes[i], path = curve(points);
    const kind = relation(edge);
    svg.append(make("path", {
      d: path,
      class: `edge ${kind}`,
      style: `--weight:${edge.weight}`,
      "stroke-width": 0.9 + 4.6 * edge.weight,
    }));
    const hit = make("path", { d: path, class: "hit" });
    tip(hit, edge.tip);
    svg.append(hit);
    heads.set(edge.child, [points.at(-1), kind === "far" ? heads.get(edge.child)?.[1] ?? kind : kind]);
  }
  for (const [[x, y], kind] of heads.values()) {
    svg.append(make("path", { d: `M${x - 5},${y - 7}L${x + 5},${y - 7}L${x},${y}Z`, class: `head ${kind}` }));
  }
  data.nodes.forEach((node, i) => {
    const [x, y] = plan.places[i];
    const far = data.chosen && !near.has(node.name);
    const group = make("g", {
      class: ["node", node.kind, node.observed && "observed", far && "far", node.name === data.chosen && "chosen"]
        .filter(Boolean).join(" "),
      transform: `translate(${x - width / 2},${y - height / 2})`,
      tabindex: 0,
      role: "button",
      "aria-label": node.tip,
      "aria-pressed": node.name === data.chosen,
    });
    group.dataset.name = node.name;
    group.append(make("rect", { width, height, rx: 9 }));
    const lines = plan.titles[i];
    lines.forEach((line, at) => {
      const text = make("text", { x: width / 2, y: height / 2 + 4.4 + (at - (lines.length - 1) / 2) * 14 });
      text.textContent = line;
      group.append(text);
    });
    if (node.moved !== null) {
      const whole = width - 20;
      group.append(make("rect", { class: "whole", x: 10, y: height - 5.5, width: whole, height: 2.5, rx: 1.2 }));
      group.append(make("rect", {
        class: "moved", x: 10, y: height - 5.5, width: Math.max(0.01, whole * node.moved), height: 2.5, rx: 1.2,
      }));
    }
    if (node.observed) group.append(make("circle", { class: "flag", cx: width - 3, cy: 3, r: 5.5 }));
    tip(group, node.tip);
    group.addEventListener("click", () => choose(node.name));
    group.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      choose(node.name);
    });
    svg.append(group);
  });
  return svg;
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".graph");
  const bubble = document.createElement("div");
  bubble.className = "tip";
  bubble.hidden = true;
  const tip = (part, words) => {
    const show = (event) => {
      const frame = root.getBoundingClientRect();
      bubble.textContent = words;
      bubble.hidden = false;
      const x = Math.min(Math.max(event.clientX - frame.left, 90), frame.width - 90);
      const y = event.clientY - frame.top;
      bubble.style.left = `${x}px`;
      bubble.style.top = `${y + (y > 70 ? -12 : 22)}px`;
      bubble.classList.toggle("below", y <= 70);
    };
    part.addEventListener("pointermove", show);
    part.addEventListener("pointerdown", show);
    part.addEventListener("pointerleave", () => (bubble.hidden = true));
  };
  const choose = (name) => {
    bubble.hidden = true;
    setTriggerValue("node", name);
  };
  const focused = parentElement.activeElement?.dataset?.name;
  root.replaceChildren(...data.drawings.map((plan) => drawing(plan, data, tip, choose)), bubble);
  if (focused) {
    for (const node of root.querySelectorAll(".node")) {
      if (node.dataset.name === focused && node.getClientRects().length) node.focus();
    }
  }
}
