// Draws how many units of a SKU there were at the end of each day; the numbers are asked for once.

const place = document.getElementById("chart");
let days = null;
let chart = null;

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function draw() {
  if (days === null || window.echarts === undefined) return;
  chart ??= window.echarts.init(place, null, { renderer: "svg" });
  const label = { color: colour("--loop-quiet"), fontSize: 11 };
  chart.setOption({
    animation: false,
    grid: { left: 4, right: 8, top: 12, bottom: 4, containLabel: true },
    tooltip: {
      trigger: "axis",
      renderMode: "richText", // drawn, not written as HTML: the page allows no styles from elsewhere
      backgroundColor: colour("--loop-card"),
      borderColor: colour("--loop-line"),
      textStyle: { color: colour("--loop-text"), fontSize: 13 },
      formatter: ([one]) => `${days.labels[one.dataIndex]}\n${one.value}`,
    },
    xAxis: {
      type: "category",
      data: days.labels,
      axisLine: { lineStyle: { color: colour("--loop-line") } },
      axisTick: { show: false },
      axisLabel: { ...label, hideOverlap: true, showMaxLabel: true, alignMaxLabel: "right" },
    },
    yAxis: { type: "value", splitNumber: 3, minInterval: 1, axisLabel: label, splitLine: { lineStyle: { color: colour("--loop-line") } } },
    series: [{
      type: "line",
      step: "end",
      showSymbol: false,
      data: days.values,
      lineStyle: { color: colour("--loop-accent"), width: 2 },
      itemStyle: { color: colour("--loop-accent") },
      areaStyle: { color: colour("--loop-accent"), opacity: 0.12 },
    }],
  });
}

if (place !== null) {
  const answer = await fetch(place.dataset.days, { headers: { accept: "application/json" } });
  if (answer.ok) {
    days = await answer.json();
    draw();
  }
}
window.addEventListener("resize", () => chart?.resize());
document.addEventListener("theme", draw);
