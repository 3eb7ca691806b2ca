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

// One colour: the channel that sells most is the strongest.
const SHADES = [1, 0.7, 0.5, 0.36, 0.25, 0.16];

function parts(shown, at) {
  if (shown.series.length < 2) return [];
  return shown.series.filter((one) => Number(one.values[at]) !== 0).map((one) => `${one.name}  ${one.texts[at]}`);
}

function draw() {
  if (charts === null || window.echarts === undefined) return;
  const place = document.getElementById("chart");
  chart ??= window.echarts.init(place, null, { renderer: "svg" });
  const shown = charts[span];
  const quiet = colour("--loop-quiet");
  const stacked = shown.series.length > 0 ? shown.series : [{ name: "", values: shown.values }];
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  chart.setOption({
    animation: !still,
    animationDurationUpdate: 250,
    grid: { left: 4, right: 4, top: stacked.length > 1 ? 30 : 12, bottom: 4, containLabel: true },
    tooltip: {
      trigger: "axis",
      renderMode: "richText", // drawn, not written as HTML: the page allows no styles from elsewhere
      backgroundColor: colour("--loop-card"),
      borderColor: colour("--loop-line"),
      textStyle: { color: colour("--loop-text"), fontSize: 13 },
      axisPointer: { type: "shadow", shadowStyle: { color: colour("--loop-line"), opacity: 0.4 } },
      formatter: ([{ dataIndex: at }]) => [`${shown.labels[at]}  ${shown.texts[at]}`, ...parts(shown, at)].join("\n"),
    },
    legend: { show: stacked.length > 1, top: 0, left: 0, itemWidth: 10, itemHeight: 10, textStyle: { color: quiet, fontSize: 12 } },
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
    series: stacked.map((one, place) => ({
      name: one.name,
      type: "bar",
      stack: "net",
      data: one.values.map(Number),
      itemStyle: { color: colour("--loop-accent"), opacity: SHADES[place] },
      barCategoryGap: "30%",
    })),
  }, { replaceMerge: ["series"] });
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
