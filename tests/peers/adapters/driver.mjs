// Plays frames to one peer of Node, as driver.py does for those of Python: `node driver.mjs FOLDER MODULE`.
// FOLDER holds the peer's node_modules. The module exports `make(require)`, which resolves to a function from
// ({data: RGB bytes, width, height}) to the faces of a frame, [{area, label}].
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import readline from 'node:readline';
import { pathToFileURL } from 'node:url';

const [folder, module] = process.argv.slice(2);
const require = createRequire(path.join(folder, 'package.json'));
const answer = (told) => fs.writeSync(1, `@ ${JSON.stringify(told)}\n`);
console.log = console.info = console.debug = (...told) => console.error(...told);
const cpu = () => { const used = process.cpuUsage(); return (used.user + used.system) / 1e6; };
const peak = () => Number(/VmHWM:\s*(\d+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1]);
const sleep = (ms) => new Promise((done) => { setTimeout(done, ms); });

const { make } = await import(pathToFileURL(path.join(import.meta.dirname, module)));
const read = await make(require, folder);
let scene = null; let file = null; let number = 0; let labels = [];
for await (const line of readline.createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  if (asked.rgb) {
    scene = asked; file = fs.openSync(scene.rgb); number = 0; labels = [];
  } else if (asked.play) {
    const size = scene.width * scene.height * 3;
    const [began, wall] = [cpu(), performance.now()];
    let reading = 0;
    for (let turn = 0; turn < asked.play; turn++) {
      if (scene.is_paced) await sleep(Math.max(0, wall + (turn * 1000) / scene.fps - performance.now()));
      const before = cpu();
      const data = new Uint8Array(size);
      fs.readSync(file, data, 0, size, number * size);
      reading += cpu() - before;
      number += 1;
      const faces = await read({ data, width: scene.width, height: scene.height });
      faces.sort((one, other) => other.area - one.area);
      if (faces.length) labels.push(faces[0].label);
    }
    answer({
      cpu_s: cpu() - began - reading, wall_s: (performance.now() - wall) / 1000, frames: asked.play,
      total_cpu_s: cpu(), peak_kib: peak(),
    });
  } else {
    fs.closeSync(file);
    answer({ changes: labels.filter((label, at) => at > 0 && label !== labels[at - 1]).length });
  }
}
