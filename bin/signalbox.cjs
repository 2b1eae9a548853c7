#!/usr/bin/env node
// The command. Hands over to the pinned Node when the one at hand is too old.
const { spawn } = require('node:child_process')
const { existsSync } = require('node:fs')
const { join } = require('node:path')
const { pathToFileURL } = require('node:url')
const { cacheFolder, projectsOf } = require('./cache-folder.cjs')
const { givenDescriptors } = require('./descriptors.cjs')
const { findNode, LONG_LIVED } = require('./node-runtime.cjs')

const args = process.argv.slice(2)

/** Set for the process that is handed over to. */
const LAUNCHED = 'SIGNALBOX_LAUNCHED'

/** Node closes what it does not name for the child, so each descriptor that was given to it is named. */
function handOver(node) {
  const stdio = ['inherit', 'inherit', 'inherit']
  for (const descriptor of givenDescriptors(args)) stdio[descriptor] = descriptor
  const flags = isLongLived() ? LONG_LIVED : []
  const child = spawn(node, [...flags, __filename, ...args], {
    // The channel carries no messages: it closes when this process ends, however that happens.
    stdio: [...Array.from(stdio, (each) => each ?? 'ignore'), 'ipc'],
    env: { ...process.env, [LAUNCHED]: '1' },
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    console.error(`signalbox: ${node} can not be started: ${error.message}`)
    process.exit(2)
  })
  child.on('exit', (code, signal) => process.exit(signal ? 1 : code))
}

/** Ends in order when the process that handed over has ended: a service manager knows no other. */
function endWithLauncher() {
  const isLaunched = process.env[LAUNCHED] === '1' && process.channel
  delete process.env[LAUNCHED]
  if (!isLaunched) return
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  process.channel.unref()
}

/** True for a process that is there to stay and whose young generation has no size yet. */
function isLongLived() {
  const { NODE_OPTIONS = '' } = process.env
  // V8 takes its flags with either dash.
  const isChosen = /--max[-_]semi[-_]space[-_]size/.test([...process.execArgv, NODE_OPTIONS].join(' '))
  return args[0] === 'run' && !isChosen
}

/**
 * The same process with the young generation that suits it. It goes on as it is where the system cannot do that, and
 * where descriptors were given to it: Node has marked them to be closed on the way.
 */
function becomeLongLived() {
  if (!process.execve || !isLongLived() || givenDescriptors(args).length > 0) return
  const command = [process.execPath, ...process.execArgv, ...LONG_LIVED, __filename, ...args]
  try {
    process.execve(process.execPath, command, process.env)
  } catch (error) {
    if (error.code !== 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM') throw error
  }
}

/**
 * Node's own compile cache in the user's folder: the default one is anybody's. It holds code that is executed, so there is
 * none where a repository could have put it.
 */
function enableCompileCache() {
  const { folder, refusal } = cacheFolder(process.env, projectsOf(args))
  if (refusal === null) {
    require('node:module').enableCompileCache(process.env.NODE_COMPILE_CACHE || join(folder, 'node'))
  } else if (args[0] && !args[0].startsWith('-') && args[0] !== 'completion') {
    console.error(`signalbox: the cache is off: ${refusal}`)
    console.error('  each start takes longer; set XDG_CACHE_HOME to a folder outside of the repository')
  }
}

/** Node cannot tell the path of a folder that was removed, and relative paths have no meaning then. */
function requireCurrentFolder() {
  try {
    process.cwd()
  } catch {
    console.error('signalbox: the current folder cannot be found')
    console.error('hint: change to a folder that exists')
    process.exit(2)
  }
}

/** Node 22 says so at each start of a command that opens the store; a user can do nothing about it. */
const SQLITE_WARNING = /^SQLite is an experimental feature/

function silenceSqliteWarning() {
  const { emitWarning } = process
  process.emitWarning = (warning, ...rest) => {
    if (!SQLITE_WARNING.test(String(warning))) emitWarning.call(process, warning, ...rest)
  }
}

function start() {
  requireCurrentFolder()
  let node
  try {
    node = findNode()
  } catch (error) {
    console.error(error.message)
    process.exit(2)
  }
  if (node !== process.execPath) return handOver(node)
  endWithLauncher()
  becomeLongLived()
  silenceSqliteWarning()
  enableCompileCache()
  // A checkout runs its TypeScript directly; the published package has only the compiled form.
  const source = join(__dirname, '..', 'src', 'main.ts')
  const entry = existsSync(source) ? source : join(__dirname, '..', 'dist', 'main.js')
  import(pathToFileURL(entry).href)
}

start()
