// @vladmandic/face-api: its small detector and expressions, by WebAssembly on one thread.
import path from 'node:path';

export async function make(require, folder) {
  const tf = require('@tensorflow/tfjs');
  const wasm = require('@tensorflow/tfjs-backend-wasm');
  const faceapi = require('@vladmandic/face-api/dist/face-api.node-wasm.js');
  wasm.setWasmPaths(path.join(folder, 'node_modules/@tensorflow/tfjs-backend-wasm/dist/'));
  wasm.setThreadsCount(1);
  await tf.setBackend('wasm');
  await tf.ready();
  const models = path.join(folder, 'node_modules/@vladmandic/face-api/model');
  await faceapi.nets.tinyFaceDetector.loadFromDisk(models);
  await faceapi.nets.faceExpressionNet.loadFromDisk(models);
  const options = new faceapi.TinyFaceDetectorOptions();
  return async ({ data, width, height }) => {
    const tensor = faceapi.tf.tensor3d(data, [height, width, 3], 'int32');
    const found = await faceapi.detectAllFaces(tensor, options).withFaceExpressions();
    tensor.dispose();
    return found.map(({ detection, expressions }) => ({
      area: detection.box.area, label: expressions.asSortedArray()[0].expression,
    }));
  };
}
