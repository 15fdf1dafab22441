'use strict';
// Draws what stands in the page's data: curves that react to the pointer, the map of a run, and the table of runs.
const data = JSON.parse(document.getElementById('data').textContent);
const host = id => document.getElementById(id);
const kept = (() => {
  const key = 'wgpu-simvae ' + location.pathname;
  let all = {};
  try { all = JSON.parse(sessionStorage.getItem(key)) || {} } catch { /* nothing is kept then */ }
  const put = (name, value) => { all[name] = value; try { sessionStorage.setItem(key, JSON.stringify(all)) } catch { /* as above */ } };
  return { get: (name, other) => name in all ? all[name] : other, put };
})();

const make = (tag, parent, text, about = {}) => {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  Object.entries(about).forEach(([key, value]) => made.setAttribute(key, value));
  return parent ? parent.appendChild(made) : made;
};
// The parser gives what stands inside an <svg> its namespace; only numbers and our own words come here.
const svg = (box, inside, about = '') => {
  const frame = make('div');
  frame.innerHTML = `<svg viewBox="${box}" ${about}>${inside}</svg>`;
  return frame.firstChild;
};
const whole = number => Math.round(number).toLocaleString('en');
const written = number => {
  if (number === null || number === undefined) return '–';
  const size = Math.abs(number);
  return size >= 1e6 || (size > 0 && size < 1e-3) ? number.toExponential(2) : String(+number.toPrecision(4));
};
const time = seconds => {
  const s = Math.round(seconds);
  return s < 60 ? `${s} s` : s < 3600 ? `${Math.floor(s / 60)} min ${s % 60} s` : `${Math.floor(s / 3600)} h ${Math.floor(s % 3600 / 60)} min`;
};
const colour = look => `var(--c${look % 8})`;
const dash = look => ['', '6 3', '2 3', '8 3 2 3'][Math.floor(look / 8) % 4];
const stroke = look => `stroke="${colour(look)}" stroke-dasharray="${dash(look)}"`;
const swatch = look => svg('0 0 24 12', `<path d="M1 6H23" fill="none" stroke-width="3" ${stroke(look)}/>`, 'aria-hidden="true"');

// Round numbers from low to high, about so many.
const ticks = (low, high, many) => {
  const raw = (high - low) / many, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map(m => m * power).find(step => step >= raw) || 10 * power;
  const found = [];
  for (let at = Math.ceil(low / step); at * step <= high + step * 1e-9; at++) found.push(+(at * step).toPrecision(12));
  return found;
};

const charts = [];
const [H, LEFT, RIGHT, TOP, BOTTOM] = [230, 54, 12, 8, 24];
const titled = name => name.replaceAll('_', ' ');
// A chart of lines, each with a name, a look, its group and its values there. Of one line, the newest value stands in the header.
function chart(title, lines, parent, W = 400) {
  const card = make('figure', parent, undefined, { class: 'card chart' });
  const header = make('header', card), place = make('div', card), keys = make('div', card, undefined, { class: 'keys' });
  make('b', header, titled(title));
  const said = make('span', header, '', { class: 'soft' });
  const last = line => line.values.reduce((last, value, at) => value === null ? last : at, -1);
  let across = () => 0, up = () => 0, marks;
  const self = { card };
  self.show = step => {
    // Without a step the newest is shown.
    const at = line => {
      if (step === undefined) return last(line);
      let best = -1;
      line.group.step.forEach((s, i) => {
        if (line.values[i] !== null && (best < 0 || Math.abs(s - step) < Math.abs(line.group.step[best] - step))) best = i;
      });
      return best;
    };
    let dots = '';
    const found = lines.map(line => [line, at(line)]).filter(([, i]) => i >= 0);
    found.forEach(([line, i], n) => {
      if (n === 0 && step !== undefined) dots += `<line class="cross" x1="${across(line, i)}" x2="${across(line, i)}" y1="${TOP}" y2="${H - BOTTOM}"/>`;
      if (step !== undefined) dots += `<circle r="4" cx="${across(line, i)}" cy="${up(line.values[i])}" fill="${colour(line.look)}"/>`;
    });
    marks.innerHTML = dots;
    const [line, i] = found[0] || [];
    const where = line ? `step ${whole(line.group.step[i])}, epoch ${+line.group.epoch[i].toFixed(2)}` : '';
    const value = line && lines.length === 1 ? written(line.values[i]) : '';
    said.textContent = step === undefined ? value : [value, where].filter(Boolean).join(' · ');
    keys.replaceChildren();
    if (lines.length > 1) found.forEach(([line, i]) => {
      const key = make('span', keys);
      key.append(swatch(line.look), `${line.name} ${written(line.values[i])}`);
    });
  };
  self.draw = (axis, log) => {
    const xs = lines.flatMap(line => line.group[axis].filter((_, i) => line.values[i] !== null));
    let ys = lines.flatMap(line => line.values.filter(value => value !== null));
    const logged = log && ys.every(value => value > 0), scale = value => logged ? Math.log10(value) : value;
    ys = ys.map(scale);
    const span = (all, part) => {
      const [low, high] = [Math.min(...all), Math.max(...all)];
      const more = low < high ? part * (high - low) : part ? Math.abs(low) * .1 || .5 : .5;
      return all.length ? [low - more, high + more] : [0, 1];
    };
    const [[x0, x1], [y0, y1]] = [span(xs, 0), span(ys, .06)];
    const x = value => +(LEFT + (value - x0) / (x1 - x0) * (W - LEFT - RIGHT)).toFixed(1);
    const y = value => +(H - BOTTOM - (value - y0) / (y1 - y0) * (H - TOP - BOTTOM)).toFixed(1);
    across = (line, i) => x(line.group[axis][i]);
    up = value => y(scale(value));
    let inside = '';
    for (const at of ticks(y0, y1, 5))
      inside += `<line class="rule" x1="${LEFT}" x2="${W - RIGHT}" y1="${y(at)}" y2="${y(at)}"/><text x="${LEFT - 6}" y="${y(at) + 4}" text-anchor="end">${written(logged ? 10 ** at : at)}</text>`;
    for (const at of ticks(x0, x1, W / 80))
      inside += `<text x="${x(at)}" y="${H - 7}" text-anchor="middle">${at >= 1e4 ? at / 1e3 + 'k' : at}</text>`;
    for (const line of lines) {
      let d = '', pen = 'M';
      line.values.forEach((value, i) => {
        if (value === null) { pen = 'M'; return }
        d += pen + across(line, i) + ' ' + up(value);
        pen = 'L';
      });
      inside += `<path d="${d}" ${stroke(line.look)}/>`;
      const there = line.values.flatMap((value, i) => value === null ? [] : [i]);
      if (there.length === 1) inside += `<circle r="4" cx="${across(line, there[0])}" cy="${up(line.values[there[0]])}" fill="${colour(line.look)}"/>`;
    }
    const drawn = svg(`0 0 ${W} ${H}`, inside + '<g></g>', 'tabindex="0" role="img"');
    drawn.setAttribute('aria-label', `${titled(title)} over ${axis}`);
    marks = drawn.querySelector('g');
    const all = [...new Set(lines.flatMap(line => line.group.step))].sort((a, b) => a - b);
    drawn.onpointermove = event => {
      const box = drawn.getBoundingClientRect(), at = (event.clientX - box.left) / box.width * W;
      let best, far = Infinity;
      for (const line of lines) line.group.step.forEach((step, i) => {
        const off = line.values[i] === null ? Infinity : Math.abs(across(line, i) - at);
        if (off < far) [best, far] = [step, off];
      });
      point(best);
    };
    drawn.onpointerleave = drawn.onblur = () => point(undefined);
    drawn.onkeydown = event => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!by || !all.length) return;
      event.preventDefault();
      const now = pointed === undefined ? all.length : all.findIndex(step => step >= pointed);
      point(all[Math.max(0, Math.min(all.length - 1, now + by))]);
    };
    place.replaceChildren(drawn);
    self.show(undefined);
  };
  charts.push(self);
  return self;
}
let pointed;
function point(step) {
  pointed = step;
  charts.forEach(chart => chart.show(step));
}
function redraw() {
  charts.forEach(chart => chart.draw(kept.get('axis', 'step'), kept.get('log', false)));
}
// What says most comes first.
function byWorth(a, b) {
  const first = ['total', 'knn', 'linear', 'held_out_loss'], worth = name => first.includes(name) ? first.indexOf(name) : first.length;
  return worth(a) - worth(b) || a.localeCompare(b);
}
// What all charts below are drawn over.
function tools(parent) {
  const axis = make('select', make('label', parent, 'Over '));
  ['step', 'epoch', 'seconds'].forEach(name => make('option', axis, name));
  axis.value = kept.get('axis', 'step');
  axis.onchange = () => { kept.put('axis', axis.value); redraw() };
  const label = make('label', parent), log = make('input', label, undefined, { type: 'checkbox' });
  label.append(' logarithmic where it can be');
  log.checked = kept.get('log', false);
  log.onchange = () => { kept.put('log', log.checked); redraw() };
}

// Chosen curves of runs over each other; `chosen` says of a run whether it is one.
function overlay(runs, chosen, parent) {
  const names = [...new Set(runs.flatMap(run => run.groups.flatMap(group => Object.keys(group.curves))))];
  if (!names.length) return () => {};
  const bar = make('div', parent, undefined, { class: 'tools' }), place = make('div', parent);
  const curve = make('select', make('label', bar, 'Curve '));
  names.sort(byWorth).forEach(name => make('option', curve, titled(name), { value: name }));
  curve.value = kept.get('curve', names.includes('knn') ? 'knn' : names[0]);
  if (curve.selectedIndex < 0) curve.selectedIndex = 0;
  tools(bar);
  const draw = () => {
    charts.length = 0;
    place.replaceChildren();
    const lines = runs.flatMap(run => run.groups.filter(group => chosen(run) && curve.value in group.curves)
      .map(group => ({ name: run.name, look: run.look, group, values: group.curves[curve.value] })));
    chart(curve.value, lines, place, parent.clientWidth > 700 ? 1000 : 400);
    redraw();
  };
  curve.onchange = () => { kept.put('curve', curve.value); draw() };
  draw();
  return draw;
}

// Images in the plane of their representations; a class keeps its colour and its shape.
function map(found, parent) {
  const [xs, ys] = [found.points.map(p => p[0]), found.points.map(p => p[1])];
  const middle = all => (Math.min(...all) + Math.max(...all)) / 2, wide = all => Math.max(...all) - Math.min(...all);
  const unit = 384 / (Math.max(wide(xs), wide(ys)) || 1), shown = found.classes.slice(0, 32);
  const shapes = [(x, y) => `<circle cx="${x}" cy="${y}" r="3.4"/>`, (x, y) => `<rect x="${x - 3}" y="${y - 3}" width="6" height="6"/>`,
    (x, y) => `<path d="M${x} ${y - 4}l4 7h-8z"/>`, (x, y) => `<path d="M${x} ${y - 4.5}l4 4.5l-4 4.5l-4 -4.5z"/>`];
  const mark = (c, x, y) => shapes[Math.floor(c / 8) % 4](x, y);
  let inside = '';
  for (const c of [...new Set(found.points.map(p => p[2]))].sort((a, b) => a - b))
    inside += `<g data-class="${c}" fill="${colour(c)}" fill-opacity=".75">` + found.points.filter(p => p[2] === c)
      .map(p => mark(c, (200 + (p[0] - middle(xs)) * unit).toFixed(1) * 1, (200 - (p[1] - middle(ys)) * unit).toFixed(1) * 1)).join('') + '</g>';
  const drawn = svg('0 0 400 400', inside, 'role="img" aria-label="Representations of test images on their principal plane"');
  parent.append(drawn);
  drawn.querySelectorAll('g').forEach(g => { const t = document.createElementNS(g.namespaceURI, 'title'); t.textContent = found.classes[g.dataset.class] || ''; g.prepend(t) });
  const keys = make('div', parent, undefined, { class: 'keys' });
  shown.forEach((name, c) => {
    const key = make('span', keys);
    key.append(svg('0 0 12 12', `<g fill="${colour(c)}">${mark(c, 6, 6)}</g>`), name);
    const dim = only => drawn.querySelectorAll('g').forEach(g => g.classList.toggle('dim', only && g.dataset.class != c));
    key.onpointerenter = () => dim(true);
    key.onpointerleave = () => dim(false);
  });
}

function table(runs, place) {
  const chosen = new Set(kept.get('chosen', runs.slice(0, 8).map(run => run.name)));
  const draw = overlay(runs, run => chosen.has(run.name), place);
  const head = document.querySelector('#runs thead tr'), body = document.querySelector('#runs tbody');
  [...body.rows].forEach((row, at) => {
    const box = make('input', null, undefined, { type: 'checkbox', 'aria-label': `draw ${runs[at].name}` });
    box.checked = chosen.has(runs[at].name);
    box.onchange = () => { chosen[box.checked ? 'add' : 'delete'](runs[at].name); kept.put('chosen', [...chosen]); draw() };
    row.cells[0].prepend(box, ' ', swatch(at), ' ');
  });
  const value = (row, at) => { const { value } = row.cells[at].dataset; return value === undefined ? row.cells[at].textContent.trim() : +value };
  const sort = (at, down) => {
    [...head.cells].forEach((cell, i) => i === at ? cell.setAttribute('aria-sort', down ? 'descending' : 'ascending') : cell.removeAttribute('aria-sort'));
    const order = (a, b) => {
      const [x, y] = [value(a, at), value(b, at)];
      // What is not known comes last.
      if (x === '–' || y === '–') return (x === '–') - (y === '–');
      return (x < y ? -1 : x > y ? 1 : 0) * (down ? -1 : 1);
    };
    body.append(...[...body.rows].sort(order));
    kept.put('sort', [at, down]);
  };
  [...head.cells].forEach((cell, at) => {
    const button = make('button', null, cell.textContent);
    button.onclick = () => sort(at, cell.getAttribute('aria-sort') !== 'descending');
    cell.replaceChildren(button);
  });
  if (kept.get('sort')) sort(...kept.get('sort'));
}

function run() {
  tools(host('tools'));
  data.groups.forEach((group, at) => {
    Object.keys(group.curves).sort(byWorth).forEach(name => chart(name, [{ name, look: at * 2, group, values: group.curves[name] }], host('group-' + at)));
  });
  redraw();
  if (data.map) map(data.map, host('map'));
  const slider = host('epoch');
  if (slider) {
    const newest = data.pictures.length - 1, look = () => {
      host('picture').src = data.pictures[slider.value];
      host('which').textContent = data.pictures[slider.value].replace(/.*epoch-0*(\d+).*/, 'epoch $1');
    };
    slider.value = Math.min(newest, kept.get('picture', newest));
    slider.oninput = () => { kept.put('picture', +slider.value === newest ? undefined : +slider.value); look() };
    look();
  }
}

// A page of something that goes on loads itself anew, unless somebody points at a curve or has marked a text.
function live(summaries) {
  const age = s => Date.now() / 1e3 - s.written, silent = s => s.state.is === 'running' && age(s) > 60 + 5 * s.every;
  document.querySelectorAll('[data-of]').forEach(badge => {
    const s = summaries[badge.dataset.of];
    if (silent(s)) { badge.className = 'badge silent'; badge.textContent = `no word for ${time(age(s))}` }
  });
  const going = summaries.filter(s => s.state.is === 'running' && !silent(s));
  if (!going.length) return;
  const pause = 1e3 * Math.min(60, Math.max(2, ...going.map(s => s.every)));
  setInterval(() => {
    if (document.hidden || pointed !== undefined || String(getSelection())) return;
    location.reload();
  }, pause);
}

if (host('run')) run();
if (host('runs')) { data.runs.forEach((run, at) => { run.look = at }); table(data.runs, host('overlay')) }
if (host('rows')) { data.rows.forEach((row, at) => { row.look = at }); overlay(data.rows, () => true, host('rows')) }
document.querySelectorAll('details').forEach((part, at) => {
  part.open = kept.get('open ' + at, part.open);
  part.ontoggle = () => kept.put('open ' + at, part.open);
});
if (data.summary) live([data.summary]);
if (data.runs) live(data.runs.map(run => run.summary));
// Browsers go back to where a page was before its curves are drawn, and find it too short.
history.scrollRestoration = 'manual';
addEventListener('pagehide', () => kept.put('scroll', scrollY));
const back = () => scrollTo(0, kept.get('scroll', 0));
if ((performance.getEntriesByType('navigation')[0] || {}).type !== 'navigate') { back(); addEventListener('load', back) }
