// Runs a project command on a Node that is new enough: the caller's own, else the pinned one that
// `npm ci` installed. Written for old Nodes, so it must stay plain CommonJS.
const { spawn } = require('node:child_process')
const { existsSync } = require('node:fs')
const { delimiter, dirname, join } = require('node:path')
const { findNode } = require('../bin/node-runtime.cjs')

const node = findNode()
const [name, ...rest] = process.argv.slice(2)
const binaries = join(__dirname, '..', 'node_modules', '.bin')
const script = join(binaries, name)
const isNode = name === 'node'
if (!isNode && !existsSync(script)) {
  console.error(`${name} is not installed; run \`npm ci\` first`)
  process.exit(2)
}

const path = [dirname(node), binaries, process.env.PATH].join(delimiter)
// Binaries of the tool chain are scripts with a shebang; PATH decides which Node they get.
const child = spawn(isNode ? node : script, rest, {
  stdio: 'inherit',
  env: { ...process.env, PATH: path },
  shell: process.platform === 'win32',
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('error', (error) => {
  console.error(error.message)
  process.exit(2)
})
child.on('exit', (code, signal) => process.exit(signal ? 1 : code))
