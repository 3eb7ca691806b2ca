// Draws the live board's charts; stream.js brings their numbers.

const board = document.getElementById("board");
let charts = null;
let span = board.querySelector('[data-span][aria-pressed="true"]').dataset.span;
let chart = null;

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function shortNumber(value) {
  return new Intl.NumberFormat(document.documentElement.lang, { notation: "compact" }).format(value);
}

function draw() {
  if (charts === null || window.echarts === undefined) return;
  const place = document.getElementById("chart");
  chart ??= window.echarts.init(place, null, { renderer: "svg" });
  const shown = charts[span];
  const quiet = colour("--loop-quiet");
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  chart.setOption({
    animation: !still,
    animationDurationUpdate: 250,
    grid: { left: 4, right: 4, top: 12, bottom: 4, containLabel: true },
    tooltip: {
      trigger: "axis",
      renderMode: "richText", // drawn, not written as HTML: the page allows no styles from elsewhere
      backgroundColor: colour("--loop-card"),
      borderColor: colour("--loop-line"),
      textStyle: { color: colour("--loop-text"), fontSize: 13 },
      axisPointer: { type: "shadow", shadowStyle: { color: colour("--loop-line"), opacity: 0.4 } },
      formatter: ([one]) => `${shown.labels[one.dataIndex]}\n${shown.texts[one.dataIndex]}`,
    },
    xAxis: {
      type: "category",
      data: shown.labels,
      axisLine: { lineStyle: { color: colour("--loop-line") } },
      axisTick: { show: false },
      axisLabel: { color: quiet, hideOverlap: true, showMaxLabel: true, alignMaxLabel: "right", fontSize: 11 },
    },
    yAxis: {
      type: "value",
      splitNumber: 3,
      axisLabel: { color: quiet, formatter: shortNumber, fontSize: 11 },
      splitLine: { lineStyle: { color: colour("--loop-line") } },
    },
    series: [{
      type: "bar",
      data: shown.values.map(Number),
      itemStyle: { color: colour("--loop-accent"), borderRadius: [2, 2, 0, 0] },
      barCategoryGap: "30%",
    }],
  });
}

for (const button of board.querySelectorAll("[data-span]")) {
  button.addEventListener("click", () => {
    span = button.dataset.span;
    for (const one of board.querySelectorAll("[data-span]")) {
      one.setAttribute("aria-pressed", String(one === button));
    }
    draw();
  });
}
window.addEventListener("resize", () => chart?.resize());
document.addEventListener("theme", draw);
board.addEventListener("message", (event) => {
  charts = event.detail.charts;
  if (!event.detail.is_empty) draw();
});
