// Draws counts by day as bars upon each other; the numbers are asked for once. `data-bars` of the place says which, from below,
// with a colour of the page each ("kept:--loop-good broken:--loop-bad"); `data-kept` says what the reader calls it.

const place = document.getElementById("chart");
let days = null;
let chart = null;

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function draw() {
  if (days === null || window.echarts === undefined) return;
  if (days.labels.length === 0) {
    place.textContent = place.dataset.none;
    place.classList.add("chart-none");
    return;
  }
  chart ??= window.echarts.init(place, null, { renderer: "svg" });
  const label = { color: colour("--loop-quiet"), fontSize: 11 };
  const bars = (name, data, fill) => ({ name, type: "bar", stack: "days", data, barMaxWidth: 28, itemStyle: { color: fill } });
  chart.setOption({
    animation: false,
    grid: { left: 4, right: 8, top: 30, bottom: 4, containLabel: true },
    legend: { top: 0, left: 0, itemWidth: 10, itemHeight: 10, textStyle: { color: colour("--loop-quiet"), fontSize: 12 } },
    tooltip: {
      trigger: "axis",
      renderMode: "richText", // drawn, not written as HTML: the page allows no styles from elsewhere
      backgroundColor: colour("--loop-card"),
      borderColor: colour("--loop-line"),
      textStyle: { color: colour("--loop-text"), fontSize: 13 },
      formatter: (all) => {
        const at = all[0].dataIndex;
        return [`${days.labels[at]} · ${days.shares[at]}`, ...all.map((one) => `${one.seriesName} ${one.value}`)].join("\n");
      },
    },
    xAxis: {
      type: "category",
      data: days.labels,
      axisLine: { lineStyle: { color: colour("--loop-line") } },
      axisTick: { show: false },
      axisLabel: { ...label, hideOverlap: true, showMaxLabel: true, alignMaxLabel: "right" },
    },
    yAxis: { type: "value", splitNumber: 3, minInterval: 1, axisLabel: label, splitLine: { lineStyle: { color: colour("--loop-line") } } },
    series: place.dataset.bars.split(" ").map((one) => {
      const [key, fill] = one.split(":");
      return bars(place.dataset[key], days[key], colour(fill));
    }),
  });
}

const answer = await fetch(place.dataset.days, { headers: { accept: "application/json" } });
if (answer.ok) {
  days = await answer.json();
  draw();
}
window.addEventListener("resize", () => chart?.resize());
document.addEventListener("theme", draw);
