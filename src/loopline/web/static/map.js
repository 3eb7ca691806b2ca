// Draws sites where they lie, by tone and size, and asks again every minute; a click leads to the orders of one.

const place = document.getElementById("map");
let points = null;
let chart = null;

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

const TONES = { good: "--loop-good", warn: "--loop-warn", bad: "--loop-bad", none: "--loop-quiet" };

function draw() {
  if (points === null || window.echarts === undefined) return;
  if (chart === null) {
    chart = window.echarts.init(place, null, { renderer: "svg" });
    chart.on("click", (one) => {
      const { path } = points[one.dataIndex];
      if (path) location.assign(path);
    });
  }
  const most = Math.max(1, ...points.map((one) => one.size));
  const axis = { type: "value", scale: true, axisLabel: { show: false }, axisLine: { show: false }, axisTick: { show: false }, splitLine: { lineStyle: { color: colour("--loop-line") } } };
  chart.setOption({
    animation: false,
    grid: { left: 8, right: 8, top: 8, bottom: 8 },
    tooltip: {
      renderMode: "richText", // drawn, not written as HTML: the page allows no styles from elsewhere
      backgroundColor: colour("--loop-card"),
      borderColor: colour("--loop-line"),
      textStyle: { color: colour("--loop-text"), fontSize: 13 },
      formatter: (one) => points[one.dataIndex].said,
    },
    xAxis: axis,
    yAxis: axis,
    series: [{
      type: "scatter",
      data: points.map((one) => ({
        value: one.at,
        symbolSize: 8 + 20 * Math.sqrt(one.size / most),
        itemStyle: { color: colour(TONES[one.tone]), opacity: one.tone === "none" ? 0.35 : 0.8 },
      })),
    }],
  });
}

async function ask() {
  const answer = await fetch(place.dataset.map, { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  points = await answer.json();
  draw();
}

window.addEventListener("resize", () => chart?.resize());
window.addEventListener("load", draw);
document.addEventListener("theme", draw);
setInterval(ask, 60_000);
ask();
