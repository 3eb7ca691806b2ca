// Draws the surge board's chart: orders accepted and refused in each second; stream.js brings the numbers.

const board = document.getElementById("surge");
let shown = null;
let chart = null;

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function draw() {
  if (shown === null || window.echarts === undefined) return;
  chart ??= window.echarts.init(document.getElementById("chart"), null, { renderer: "svg" });
  const bars = (name, data, fill) => ({
    name, type: "bar", stack: "orders", data, itemStyle: { color: fill }, barCategoryGap: "0%", large: true,
  });
  chart.setOption({
    animation: false,
    grid: { left: 4, right: 4, top: 30, bottom: 4, containLabel: true },
    legend: { top: 0, left: 0, itemWidth: 10, itemHeight: 10, textStyle: { color: colour("--loop-quiet"), fontSize: 12 } },
    tooltip: {
      trigger: "axis",
      renderMode: "richText", // drawn, not written as HTML: the page allows no styles from elsewhere
      backgroundColor: colour("--loop-card"),
      borderColor: colour("--loop-line"),
      textStyle: { color: colour("--loop-text"), fontSize: 13 },
      formatter: (all) => [shown.labels[all[0].dataIndex], ...all.map((one) => `${one.seriesName} ${one.value}`)].join("\n"),
    },
    xAxis: {
      type: "category",
      data: shown.labels,
      axisLine: { lineStyle: { color: colour("--loop-line") } },
      axisTick: { show: false },
      axisLabel: { color: colour("--loop-quiet"), hideOverlap: true, showMaxLabel: true, alignMaxLabel: "right", fontSize: 11 },
    },
    yAxis: {
      type: "value",
      minInterval: 1,
      splitNumber: 3,
      axisLabel: { color: colour("--loop-quiet"), fontSize: 11 },
      splitLine: { lineStyle: { color: colour("--loop-line") } },
    },
    series: [
      bars(board.dataset.wordAccepted, shown.accepted, colour("--loop-accent")),
      bars(board.dataset.wordRefused, shown.refused, colour("--loop-warn")),
    ],
  });
}

board.addEventListener("message", (event) => {
  shown = event.detail.chart;
  if (!event.detail.is_empty) draw();
});
window.addEventListener("resize", () => chart?.resize());
document.addEventListener("theme", draw);
