/* Draws the dashboard's charts from its JSON; Chart.js comes with unfold. */
(() => {
  const INK = {
    light: ["#7c3aed", "#0891b2", "#ea580c", "#16a34a", "#db2777", "#ca8a04", "#94a3b8"],
    dark: ["#a78bfa", "#22d3ee", "#fb923c", "#4ade80", "#f472b6", "#facc15", "#94a3b8"],
  };
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const charts = [];

  const PAPER = { wide: [1040, 300], narrow: [510, 260] }; // pixels, before CSS fits them
  const isEmpty = (chart) => chart.series.every(({ data }) => data.every((count) => !count));

  const draw = (canvas, chart, onPaper) => {
    const isDark = document.documentElement.classList.contains("dark") && !onPaper;
    const colours = isDark ? INK.dark : INK.light;
    const soft = isDark ? "#9ca3af" : "#6b7280";
    const line = isDark ? "#374151" : "#e5e7eb";
    const isRound = chart.type === "doughnut";
    const axis = (extra) => ({
      border: { display: false },
      ticks: { autoSkip: Boolean(chart.stacked), color: soft, precision: 0, maxRotation: 0, autoSkipPadding: 12 },
      ...extra,
    });
    const values = { grid: { color: line }, beginAtZero: true };
    const names = { grid: { display: false } };
    const scales = isRound ? {} : {
      x: axis({ stacked: chart.stacked, ...(chart.across ? values : names) }),
      y: axis({ stacked: chart.stacked, ...(chart.across ? names : values) }),
    };
    return new Chart(canvas, {
      type: chart.type,
      data: {
        labels: chart.labels,
        datasets: chart.series.map((series, place) => ({
          label: series.name,
          data: series.data,
          backgroundColor: isRound ? colours : colours[place % colours.length],
          borderRadius: isRound ? 0 : 3,
          borderWidth: 0,
          maxBarThickness: 44,
        })),
      },
      options: {
        animation: still || onPaper ? false : { duration: 350 },
        responsive: !onPaper,
        ...(onPaper && { devicePixelRatio: 2 }),
        cutout: "62%",
        indexAxis: chart.across ? "y" : "x",
        interaction: { mode: isRound ? "nearest" : "index", axis: chart.across ? "y" : "x", intersect: false },
        maintainAspectRatio: false,
        plugins: {
          legend: {
            display: isRound || chart.series.length > 1,
            position: isRound ? "right" : "bottom",
            labels: { boxHeight: 10, boxWidth: 10, color: soft, usePointStyle: true },
          },
          tooltip: { filter: (item) => isRound || chart.series.length < 2 || item.raw > 0 },
        },
        scales,
      },
    });
  };

  // A chart that follows its box would be redrawn after the page is printed: on paper
  // it has a size of its own, and CSS fits the picture.
  const setSize = (canvas) => {
    const wide = canvas.closest(".board-chart").classList.contains("wide");
    [canvas.width, canvas.height] = PAPER[wide ? "wide" : "narrow"];
  };

  const drawAll = (onPaper = false) => {
    charts.splice(0).forEach((chart) => chart.destroy());
    const data = JSON.parse(document.getElementById("board-charts").textContent);
    document.querySelectorAll("[data-chart]").forEach((canvas) => {
      const chart = data[canvas.dataset.chart];
      const nothing = isEmpty(chart);
      canvas.hidden = nothing;
      canvas.nextElementSibling.hidden = !nothing;
      if (nothing) return;
      if (onPaper) setSize(canvas);
      charts.push(draw(canvas, chart, onPaper));
    });
  };

  Chart.defaults.font.family = "Inter, system-ui, sans-serif";
  Chart.defaults.locale = document.documentElement.lang || "ru";
  drawAll();
  new MutationObserver(() => drawAll()).observe(document.documentElement, { attributeFilter: ["class"] });
  addEventListener("beforeprint", () => {
    document.querySelectorAll("details.board-block:not([open])").forEach((block) => {
      block.open = true;
      block.dataset.shut = "";
    });
    drawAll(true);
  });
  addEventListener("afterprint", () => {
    document.querySelectorAll("details[data-shut]").forEach((block) => {
      block.open = false;
      delete block.dataset.shut;
    });
    drawAll();
  });
  document.querySelector("[data-print]")?.addEventListener("click", () => print());
})();
