// @vladmandic/human: detector, mesh and emotion, by WebAssembly on one thread; it keeps what has not changed, as it
// does by itself, by the clock: frames that come faster than a camera's flatter it.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const TYPES = { '.wasm': 'application/wasm', '.json': 'application/json', '.bin': 'application/octet-stream' };

export async function make(require, folder) {
  globalThis.fetch = async (url) => { // it loads its models by fetch, which knows no files
    const file = String(url).startsWith('file:') ? fileURLToPath(String(url)) : String(url);
    const type = TYPES[path.extname(file)] ?? 'text/plain';
    return new Response(fs.readFileSync(file), { headers: { 'Content-Type': type } });
  };
  const wasm = require('@tensorflow/tfjs-backend-wasm');
  const binaries = path.join(folder, 'node_modules/@tensorflow/tfjs-backend-wasm/dist/');
  wasm.setThreadsCount(1);
  // By its path: the package names the other builds alone.
  const { Human } = require(path.join(folder, 'node_modules/@vladmandic/human/dist/human.node-wasm.js'));
  const off = { enabled: false };
  const human = new Human({
    backend: 'wasm', wasmPath: binaries, wasmPlatformFetch: true,
    modelBasePath: `file://${folder}/node_modules/@vladmandic/human/models/`,
    filter: off, gesture: off, body: off, hand: off, object: off, segmentation: off,
    face: {
      enabled: true, detector: { enabled: true, maxDetected: 4, rotation: false }, mesh: { enabled: true },
      emotion: { enabled: true }, iris: off, description: off, antispoof: off, liveness: off,
    },
  });
  await human.load();
  return async ({ data, width, height }) => {
    const tensor = human.tf.tensor(data, [1, height, width, 3], 'float32');
    const { face } = await human.detect(tensor);
    human.tf.dispose(tensor);
    return face.filter((each) => each.emotion?.length).map((each) => ({
      area: each.box[2] * each.box[3], label: each.emotion[0].emotion,
    }));
  };
}
