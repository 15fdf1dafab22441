// Compiles every shader permutation with Tint, through Dawn's Node.js bindings, where there is no `tint` binary:
//
//     wgpu-simvae shaders --out DIR && npm install webgpu && node tests/tint.mjs DIR
//
// Dawn wants a Vulkan driver of 2023 or later; Chromium's SwiftShader will do: VK_DRIVER_FILES=.../vk_swiftshader_icd.json
import { create, globals } from "webgpu";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

Object.assign(globalThis, globals);
const folder = process.argv[2];
const adapter = await create([]).requestAdapter();
if (!folder || !adapter) {
  console.error(folder ? "no adapter that Dawn takes" : "name the folder of the shaders");
  process.exit(2);
}
const device = await adapter.requestDevice();
const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".wgsl"));
let refused = 0;
for (const name of files) {
  device.pushErrorScope("validation");
  const module = device.createShaderModule({ code: readFileSync(join(folder, name), "utf8") });
  const messages = (await module.getCompilationInfo()).messages.filter((message) => message.type === "error");
  const compute = { module, entryPoint: "main" };
  const failure = await device.createComputePipelineAsync({ layout: "auto", compute }).then(() => null, String);
  await device.popErrorScope();
  if (messages.length > 0 || failure) {
    refused += 1;
    console.log(name, messages.map((message) => `line ${message.lineNum}: ${message.message}`).join("; "), failure ?? "");
  }
}
console.log(`${files.length} shaders, ${refused} refused by Tint`);
process.exit(files.length > 0 && refused === 0 ? 0 : 1);
