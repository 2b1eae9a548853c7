#!/usr/bin/env node
// The command. Hands over to the pinned Node when the one at hand is too old.
const { spawn } = require('node:child_process')
const { existsSync } = require('node:fs')
const { homedir } = require('node:os')
const { isAbsolute, join } = require('node:path')
const { pathToFileURL } = require('node:url')
const { findNode, LONG_LIVED } = require('./node-runtime.cjs')

function handOver(node) {
  const child = spawn(node, [__filename, ...process.argv.slice(2)], { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(signal ? 1 : code))
}

/** The same process with the young generation that suits it, where the system can do that; else it goes on as it is. */
function becomeLongLived(node) {
  const { NODE_OPTIONS = '' } = process.env
  // V8 takes its flags with either dash.
  const isChosen = /--max[-_]semi[-_]space[-_]size/.test([...process.execArgv, NODE_OPTIONS].join(' '))
  if (!process.execve || isChosen) return
  const args = [node, ...process.execArgv, ...LONG_LIVED, __filename, ...process.argv.slice(2)]
  try {
    process.execve(node, args, process.env)
  } catch (error) {
    if (error.code !== 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM') throw error
  }
}

/** As for the images: src/config/env-file.ts. */
function cacheHome() {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env
  if (process.platform === 'win32' && LOCALAPPDATA) return LOCALAPPDATA
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches')
  return XDG_CACHE_HOME && isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(homedir(), '.cache')
}

function start() {
  let node
  try {
    node = findNode()
  } catch (error) {
    console.error(error.message)
    process.exit(2)
  }
  if (process.argv[2] === 'run') becomeLongLived(node)
  if (node !== process.execPath) return handOver(node)
  // In the user's own folder: the default one is anybody's.
  require('node:module').enableCompileCache(
    process.env.NODE_COMPILE_CACHE || join(cacheHome(), 'signalbox', 'node'),
  )
  // A checkout runs its TypeScript directly; the published package has only the compiled form.
  const source = join(__dirname, '..', 'src', 'main.ts')
  const entry = existsSync(source) ? source : join(__dirname, '..', 'dist', 'main.js')
  import(pathToFileURL(entry).href)
}

start()
