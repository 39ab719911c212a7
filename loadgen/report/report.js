// Draws the charts of a report from the JSON in #data. Every figure drawn is in a table as well.
"use strict";
(() => {
  const results = JSON.parse(document.getElementById("data").textContent);
  const several = results.length > 1;
  // The same load of several results side by side.
  const names = [...new Set(results.flatMap((result) => result.jobs.map((job) => job.name)))];
  const jobs = names.flatMap((name) => results.flatMap((result, number) =>
    result.jobs.filter((job) => job.name === name).map((job) => ({...job, number}))));
  const charts = new Map();
  const shades = {
    schedule_lag: 0.55, connect: 0.8, greeting: 1, starttls: 0.55, tls_handshake: 1,
    tls_handshake_resumed: 0.75, ehlo_tls: 0.4, mail: 1, rcpt: 0.72, data: 0.48, body_sent: 0.55, reset: 0.7,
  };
  const lines = ["#2f6db5", "#d9822b", "#4f9d69", "#a8609a", "#b5473c", "#3a9ea5", "#8a7a2f",
    "#6c737a", "#7a5fc0", "#c76b8f"];
  const dashes = [[], [6, 3], [2, 2], [8, 3, 2, 3]];
  const phone = () => window.innerWidth < 640;
  const color = (name) =>
    getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  const faded = (hex, share) => hex + Math.round(share * 255).toString(16).padStart(2, "0");
  const lineOf = (index) => lines[index % lines.length];
  const compact = (value) => Intl.NumberFormat("en", {notation: "compact",
    maximumSignificantDigits: 3}).format(value);
  // On a logarithmic axis: the next lower one of 1, 2, 5, 10, ...
  const floor125 = (value) => {
    const decade = 10 ** Math.floor(Math.log10(value));
    return decade * [5, 2, 1].find((step) => step * decade <= value * 1.0001);
  };
  const ticks125 = (value) =>
    ([1, 2, 5].includes(Number(value.toExponential()[0])) ? ms(value) : "");
  const ms = (value) => (value >= 1000 ? compact(value / 1000) + " s" : compact(value) + " ms");

  // A long name on two lines, so that bars keep their room.
  const folded = (name) => {
    const limit = phone() ? 16 : 26;
    if (name.length <= limit) return name;
    const space = name.lastIndexOf(" ", limit);
    return space < 4 ? name.slice(0, limit - 1) + "…" : [name.slice(0, space), name.slice(space + 1)];
  };
  const axis = (title, more = {}) => ({
    title: {display: title !== "", text: title, color: color("soft")},
    grid: {color: color("line"), drawBorder: false},
    ...more,
    ticks: {color: color("soft"), maxRotation: 0, ...more.ticks},
  });
  const legend = (style = {boxWidth: 12, boxHeight: 12}) => ({position: "bottom", align: "start",
    labels: {color: color("ink"), padding: 8, font: {size: 12}, ...style}});
  const lineLegend = () => legend({usePointStyle: true, pointStyle: "line", pointStyleWidth: 26});
  const draw = (id, config) => {
    const canvas = document.getElementById(id);
    if (canvas === null) return;
    charts.get(id)?.destroy();
    config.options = {animation: false, responsive: true, maintainAspectRatio: false,
      ...config.options};
    charts.set(id, new Chart(canvas, config));
  };
  const heightOf = (id, rows) => {
    const canvas = document.getElementById(id);
    if (canvas !== null) canvas.parentElement.style.height = `${7 + rows * 2.6}rem`;
  };
  // The axis of times: from just below the least of them, so that the lines fill the chart.
  const timeAxis = (sets) => {
    const least = Math.min(...sets.flatMap((set) => set.data.map((point) => point.y))
      .filter((y) => y > 0));
    return axis("", {type: "logarithmic", ticks: {callback: ticks125},
      ...(Number.isFinite(least) ? {min: floor125(least)} : {})});
  };
  const chosenBy = (select) => jobs.map((job, index) => ({job, index})).filter(({job, index}) =>
    [null, "all", String(index), "name:" + job.name].includes(
      document.getElementById(select)?.value ?? null));
  // By load; where one load of several results is chosen, by result.
  const colorOf = (chosen, {job, index}) =>
    lineOf(several && chosen.every((one) => one.job.name === job.name) ? job.number : index);

  const drawTime = (id, chosen) => {
    const phases = new Map();
    for (const job of chosen) for (const phase of job.time) phases.set(phase.key, phase);
    const inOrder = [...phases.values()].sort((a, b) => a.place - b.place);
    heightOf(id, chosen.length);
    draw(id, {
      type: "bar",
      data: {
        labels: chosen.map((job) => folded(job.title)),
        datasets: inOrder.map((phase) => ({
          label: phase.title,
          data: chosen.map((job) => job.time.find((one) => one.key === phase.key)?.ms ?? 0),
          backgroundColor: faded(color(phase.family), shades[phase.key] ?? 1),
          borderColor: color("ground"), borderWidth: {right: 1}, maxBarThickness: 26,
        })),
      },
      options: {
        indexAxis: "y",
        scales: {
          x: axis("ms", {stacked: true, ticks: {callback: compact}}),
          y: axis("", {stacked: true, grid: {display: false}, ticks: {color: color("ink")}}),
        },
        plugins: {
          legend: legend(),
          tooltip: {callbacks: {label: (at) => `${at.dataset.label}: ${ms(at.raw)}`}},
        },
      },
    });
  };

  const drawBars = (id, title, sets, stacked) => {
    heightOf(id, jobs.length);
    draw(id, {
      type: "bar",
      data: {labels: jobs.map((job) => folded(job.title)), datasets: sets.map((set) => ({
        ...set, maxBarThickness: stacked ? 26 : 12}))},
      options: {
        indexAxis: "y",
        scales: {
          x: axis(title, {stacked, ticks: {callback: compact}}),
          y: axis("", {stacked, grid: {display: false}, ticks: {color: color("ink")}}),
        },
        plugins: {legend: legend()},
      },
    });
  };
  const drawRates = () => drawBars("rates", "a second", [
    {label: "messages", data: jobs.map((job) => job.rates.messages),
      backgroundColor: color("envelope")},
    {label: "TLS handshakes", data: jobs.map((job) => job.rates.handshakes),
      backgroundColor: color("tls")},
  ], false);
  const drawCpu = () => drawBars("cpu", "µs", [
    {label: "generator", data: jobs.map((job) => job.cpu.generator_us ?? 0),
      backgroundColor: color("hello")},
    {label: "server", data: jobs.map((job) => job.cpu.server_us ?? 0),
      backgroundColor: color("tls")},
  ], true);

  // x is 1 / (1 - quantile), as HdrHistogram plots it.
  const quantile = (x) => {
    const nines = Math.log10(x);
    if (Math.abs(nines - Math.round(nines)) > 1e-6) return "";
    return nines < 0.5 ? "0 %" : `${Number((100 - 100 / x).toFixed(Math.max(0, nines - 2)))} %`;
  };
  const drawPercentiles = () => {
    const phase = document.getElementById("percentile-phase");
    if (phase === null) return;
    const chosen = chosenBy("percentile-job").filter(({job}) => job.percentiles[phase.value]);
    const sets = chosen.map((one) => ({
      label: one.job.title, data: one.job.percentiles[phase.value].map(([x, y]) => ({x, y})),
      borderColor: colorOf(chosen, one), backgroundColor: colorOf(chosen, one), borderWidth: 1.75,
      borderDash: one.job.long ? [6, 3] : [], pointRadius: 0, pointHitRadius: 8}));
    draw("percentiles", {
      type: "line",
      data: {datasets: sets},
      options: {
        parsing: false,
        interaction: {mode: "nearest", axis: "xy", intersect: false},
        scales: {
          x: axis("percentile", {type: "logarithmic", min: 1, ticks: {callback: quantile},
            afterBuildTicks: (scale) => {
              scale.ticks = [];
              for (let x = 1; x <= scale.max; x *= 10) scale.ticks.push({value: x});
            }}),
          y: timeAxis(sets),
        },
        plugins: {
          legend: lineLegend(),
          tooltip: {callbacks: {
            title: (at) => `${(100 - 100 / at[0].parsed.x).toPrecision(5)} % of ${phase.selectedOptions[0].text}`,
            label: (at) => `${at.dataset.label}: ${ms(at.parsed.y)}`}},
        },
      },
    });
  };

  // Rounds one behind another, with a gap between them.
  const points = (job, of) => {
    const line = [];
    let x = 0;
    let round = 0;
    for (const second of job.series) {
      if (second.part) continue;
      if ((second.round ?? 0) !== round) {
        round = second.round;
        line.push({x, y: null});
        x += 1;
      }
      line.push({x, y: of(second) ?? null});
      x += 1;
    }
    return line;
  };
  const drawSeries = (id, title, sets, logarithmic) => draw(id, {
    type: "line",
    data: {datasets: sets},
    options: {
      parsing: false,
      interaction: {mode: "nearest", axis: "xy", intersect: false},
      scales: {
        x: axis("seconds", {type: "linear", ticks: {precision: 0}}),
        y: logarithmic ? timeAxis(sets)
          : axis(title, {beginAtZero: true, ticks: {callback: compact}}),
      },
      plugins: {legend: lineLegend()},
    },
  });
  const drawAllSeries = () => {
    const chosen = chosenBy("series-job");
    const line = (one, label, of, dash) => ({
      label, data: points(one.job, of), borderColor: colorOf(chosen, one),
      backgroundColor: colorOf(chosen, one), borderWidth: 1.75, borderDash: dash, pointRadius: 2,
      spanGaps: false});
    drawSeries("series", "a second", chosen.map((one) => line(one, one.job.title,
      (second) => (one.job.unit === "message" ? second.messages
        : second.handshakes || second.sessions), one.job.long ? [6, 3] : [])), false);
    const timed = chosen.filter(({job}) => job.series.some((second) => second.p99 !== undefined));
    const both = timed.length < 4;  // else p99 alone: more lines cannot be told apart
    drawSeries("series-latency", "", timed.flatMap((one) => [
      line(one, one.job.title + ", p99", (second) => second.p99, both ? [] : one.job.long ? [6, 3] : []),
      ...(both ? [line(one, one.job.title + ", p50", (second) => second.p50, [3, 3])] : [])]), true);
  };

  const drawCurves = () => results.forEach((result, number) => {
    const steps = result.curve.filter((step) => !step.confirmation);
    if (result.curve.length === 0) return;
    const line = (key, label, index) => ({
      label, data: steps.map((step) => ({x: step.achieved, y: step[key]}))
        .filter((point) => point.y > 0).sort((a, b) => a.x - b.x),
      borderColor: lineOf(index), backgroundColor: lineOf(index), borderWidth: 1.75,
      pointRadius: 3, borderDash: dashes[index % dashes.length]});
    const tried = (label, wanted, style, index) => ({
      label, showLine: false, pointStyle: style, pointRadius: 7, borderWidth: 2,
      borderColor: lineOf(index), backgroundColor: lineOf(index),
      data: result.curve.filter(wanted).map((step) => ({x: step.achieved, y: step.p99}))
        .filter((point) => point.y > 0)});
    const sets = [line("p50", "p50", 0), line("p90", "p90", 2), line("p99", "p99", 1),
      line("p99_9", "p99.9", 3),
      tried("missed, or the generator was the limit (at p99)", (step) => !step.met, "crossRot", 4),
      tried("confirmation (at p99)", (step) => step.confirmation && step.met, "rectRot", 5)];
    draw("curve-" + number, {
      type: "line",
      data: {datasets: sets},
      options: {
        parsing: false,
        scales: {
          x: axis("achieved a second", {type: "linear", ticks: {callback: compact}}),
          y: timeAxis(sets),
        },
        plugins: {legend: legend({usePointStyle: true})},
      },
    });
  });

  const offer = (select, value, text) => select.add(new Option(text, value));
  const fillLoads = (id, redraw) => {
    const load = document.getElementById(id);
    if (load === null) return;
    offer(load, "all", "all");
    if (several) {
      for (const name of names) offer(load, "name:" + name, name);
      load.selectedIndex = Math.min(1, load.options.length - 1);
    } else {
      jobs.forEach((job, index) => offer(load, String(index), job.title));
    }
    load.addEventListener("change", redraw);
  };
  const fillChoices = () => {
    fillLoads("percentile-job", drawPercentiles);
    fillLoads("series-job", drawAllSeries);
    const phase = document.getElementById("percentile-phase");
    if (phase === null) return;
    const titles = new Map();
    for (const job of jobs) for (const one of job.phases) titles.set(one.key, one.title);
    for (const [key, title] of titles) offer(phase, key, title);
    phase.value = titles.has("message") ? "message" : titles.has("session") ? "session"
      : phase.value;
    phase.addEventListener("change", drawPercentiles);
  };

  const drawAll = () => {
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    drawTime("time-one", jobs.filter((job) => !job.long && job.time.length > 0));
    drawTime("time-long", jobs.filter((job) => job.long && job.time.length > 0));
    drawRates();
    drawCpu();
    drawPercentiles();
    drawAllSeries();
    drawCurves();
  };
  document.documentElement.classList.toggle("several", several);
  fillChoices();
  drawAll();
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  // Paper is light.
  window.addEventListener("beforeprint", () => {
    document.documentElement.dataset.theme = "light";
    drawAll();
  });
  window.addEventListener("afterprint", () => {
    delete document.documentElement.dataset.theme;
    drawAll();
  });
})();
