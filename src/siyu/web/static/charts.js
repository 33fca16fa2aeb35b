/* Pictures of numbers: reads the option from the page, gives it our colours, fetches ECharts only when there is one. */
(() => {
  "use strict";

  const drawn = new Map();
  const style = () => getComputedStyle(document.documentElement);
  const token = (name) => style().getPropertyValue(name).trim();

  function looks() {
    const text = token("--text-soft");
    const line = token("--line");
    const axis = {
      axisLine: { lineStyle: { color: line } },
      axisTick: { show: false },
      axisLabel: { color: text },
      splitLine: { lineStyle: { color: line } },
      nameTextStyle: { color: text },
    };
    return {
      color: [1, 2, 3, 4, 5, 6, 7, 8].map((n) => token(`--chart-${n}`)),
      backgroundColor: "transparent",
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: text },
      legend: { textStyle: { color: text }, itemWidth: 10, itemHeight: 10, icon: "roundRect" },
      categoryAxis: { ...axis, splitLine: { show: false } },
      valueAxis: { ...axis, axisLine: { show: false } },
      timeAxis: { ...axis, splitLine: { show: false } },
      line: { symbol: "circle", symbolSize: 6, showSymbol: false, lineStyle: { width: 2 } },
      bar: { barMaxWidth: 28, itemStyle: { borderRadius: [3, 3, 0, 0] } },
      tooltip: {
        backgroundColor: token("--surface"),
        borderColor: line,
        textStyle: { color: token("--text") },
        axisPointer: { lineStyle: { color: line }, crossStyle: { color: line } },
      },
    };
  }

  let loading;
  function library() {
    if (window.echarts) return Promise.resolve(window.echarts);
    loading ||= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = document.body.dataset.echarts;
      script.onload = () => resolve(window.echarts);
      script.onerror = reject;
      document.head.append(script);
    });
    return loading;
  }

  const PLACE = { left: 8, right: 16, top: 40, bottom: 8, containLabel: true };
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  async function draw(canvas) {
    const echarts = await library();
    drawn.get(canvas)?.dispose();
    const option = JSON.parse(canvas.dataset.option);
    const chart = echarts.init(canvas, looks(), { renderer: "svg", locale: document.documentElement.lang === "en" ? "EN" : "ZH" });
    const legend = option.legend && !Array.isArray(option.legend) ? { legend: { top: 0, left: 0, ...option.legend } } : {};
    chart.setOption({ animation: !calm.matches, animationDuration: 150, tooltip: { trigger: "axis" }, ...(option.series && option.xAxis ? { grid: PLACE } : {}), ...option, ...legend });
    // A click on a mark that carries an address opens the rows behind the number.
    chart.on("click", (event) => {
      const address = event.data?.href;
      if (typeof address === "string" && address.startsWith("/")) location.assign(address);
    });
    drawn.set(canvas, chart);
    canvas.dataset.drawn = "1";
  }

  function drawAll(root) {
    for (const canvas of root.querySelectorAll("[data-option]")) draw(canvas);
  }
  addEventListener("resize", () => {
    for (const [canvas, chart] of drawn) {
      if (canvas.isConnected) chart.resize();
      else {
        chart.dispose();
        drawn.delete(canvas);
      }
    }
  });
  document.addEventListener("siyu:theme", () => drawAll(document));
  document.addEventListener("htmx:load", (event) => {
    if (event.detail.elt !== document.body) drawAll(event.detail.elt.parentElement || document);
  });
  drawAll(document);
})();
