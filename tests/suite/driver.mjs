// Runs the cache test suite in the folder SUITE against the cache at BASE, all of it or the cases
// named, and prints one line of JSON: [{ id, kind, result, message }].
//
//     node driver.mjs SUITE BASE [CASE...]

import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const [suite, base, ...named] = process.argv.slice(2)
// What is released has its parts at the top; newer sources have them in a folder of their own.
const newer = fs.existsSync(path.join(suite, 'test-engine'))
const engine = newer ? path.join(suite, 'test-engine') : suite

const { runTests, getResults } = await load(engine, 'client/runner.mjs')
const { determineTestResult } = await load(engine, newer ? 'lib/results.mjs' : 'lib/display.mjs')
const groups = await caseGroups()
const cases = groups.flatMap(group => group.tests)

await run(named.length === 0 ? groups : onlyWithDependencies(named))
const results = getResults()
const ran = cases.filter(({ id }) => results[id] !== undefined)
console.log(JSON.stringify(ran.map(judged)))

function load (folder, file) {
  return import(pathToFileURL(path.join(folder, file)))
}

async function caseGroups () {
  const groups = (await load(suite, 'tests/index.mjs')).default
  // The released command line adds this one to the list too.
  if (!newer) groups.push((await load(suite, 'tests/surrogate-control.mjs')).default)
  return groups
}

// A case is judged by the result of those that it depends on.
function onlyWithDependencies (ids) {
  const wanted = new Set(ids)
  for (const id of wanted) {
    const { depends_on: more = [] } = cases.find(one => one.id === id)
    more.forEach(other => wanted.add(other))
  }
  return groups.map(group => ({ ...group, tests: group.tests.filter(one => wanted.has(one.id)) }))
}

function run (groups) {
  if (newer) return runTests(groups, false, base)
  const nodeFetch = createRequire(path.join(suite, 'cli.mjs'))('node-fetch')
  // Without a limit of time, one answer that never ends would hold up all.
  return runTests(groups, (url, init) => nodeFetch(url, { timeout: 20_000, ...init }), false, base)
}

function judged ({ id, kind = 'required' }) {
  const symbol = determineTestResult(groups, id, results)[2]
  const message = results[id] === true ? '' : results[id].join(': ')
  return { id, kind, result: nameOf(symbol), message }
}

// The release keeps the names of the results to itself; their symbols tell them apart.
function nameOf (symbol) {
  const names = {
    '✅': 'pass',
    '⛔️': 'fail',
    '⚠️': 'optional_fail',
    Y: 'yes',
    N: 'no',
    '🔹': 'setup_fail',
    '⁉️': 'harness_fail',
    '⚪️': 'dependency_fail',
    '↻': 'retry'
  }
  if (!(symbol in names)) throw new Error(`the suite has a new kind of result: ${symbol}`)
  return names[symbol]
}
