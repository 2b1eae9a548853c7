/** Builds detections, helpers, data models and other content from checked specs. Files with an error are left out. */
import { existsSync } from 'node:fs'
import type { DataModel, Detection, Helper, OtherContent } from '../../model/project/detection.ts'
import type { InvalidPart } from '../../model/project/project.ts'
import type { TrustSubject } from '../../model/project/trust-group.ts'
import type { DeclaredRouting } from '../destinations/destinations.ts'
import { applyOverrides, overrideMatches } from '../destinations/overrides.ts'
import { expectationsFilesOf, projectPath, specsOf } from '../files/discover.ts'
import type { ProblemList } from '../files/problems.ts'
import { Versions } from './content-version.ts'
import { linkMembers, warnInactiveMembers } from './correlation-members.ts'
import { type BuildResult, buildDetections } from './derivation.ts'
import { type NeededSpecs, neededSpecs, type SelectDetection } from './needed-specs.ts'
import { checkOutputIds } from './output-ids.ts'
import { bodyPath, readBody } from './read-body.ts'
import { isDetectionType, type Spec } from './spec.ts'

interface ContentContext {
  readonly root: string
  /** Bodies and expectations files must be in one of these folders, links followed. */
  readonly folders: readonly string[]
  readonly expectationsFiles: readonly string[]
  /** Python files that should have a spec. */
  readonly python: readonly string[]
  /** The paths of them that are links. */
  readonly pythonLinks: ReadonlySet<string>
  /** Only the Python and the expectations of these detections are read. null: of all. */
  readonly select: SelectDetection | null
  readonly routing: DeclaredRouting
  readonly allowUnknownDestinations: boolean
  readonly problems: ProblemList
}

export interface Content {
  readonly detections: ReadonlyMap<string, Detection>
  readonly helpers: readonly Helper[]
  readonly dataModels: readonly DataModel[]
  readonly others: readonly OtherContent[]
  readonly invalidParts: readonly InvalidPart[]
  /** Everything that has a trust group, detections that were not selected included. */
  readonly trustSubjects: readonly TrustSubject[]
  /** True if only selected detections are included. */
  readonly isSelection: boolean
}

export function buildContent(specs: readonly Spec[], context: ContentContext): Content {
  const { problems, routing, allowUnknownDestinations: allowUnknown } = context
  const isValid = (spec: Spec) => !problems.hasError(spec.source.file)
  const detectionSpecs = specs.filter((spec) => isDetectionType(spec.type))
  checkOutputIds(detectionSpecs, { routing, allowUnknown, problems })
  const { built, needed } = buildNeeded(detectionSpecs.filter(isValid), context)
  const pythonOf = specs.filter(
    (spec) => isValid(spec) && (spec.type === 'global' || spec.type === 'datamodel'),
  )
  const helpers = pythonOf.flatMap((spec) => (spec.type === 'global' ? helperOf(spec, context) : []))
  const dataModels = pythonOf.flatMap((spec) => (spec.type === 'datamodel' ? dataModelOf(spec, context) : []))
  warnOrphanExpectations(context)
  warnUnusedBodies(specs, context)
  warnUnusedOverrides(built, context)
  const linked = linkBuilt(built.filter(({ spec }) => isValid(spec)))
  const all = linked.map(({ detection }) => detection)
  warnInactiveMembers(detectionSpecs, new Map(all.map((detection) => [detection.id, detection])), problems)
  return {
    detections: finishDetections(
      linked.filter(({ detection }) => !needed || needed.detections.has(detection.id)),
      new Versions(helpers),
      routing,
    ),
    helpers,
    dataModels,
    trustSubjects: [...all, ...helpers, ...dataModels],
    isSelection: needed !== null,
    invalidParts: specs.filter((spec) => !isValid(spec)).flatMap(invalidPart),
    others: specs
      .filter((spec) => !isDetectionType(spec.type) && !pythonOf.includes(spec) && isValid(spec))
      .map(otherOf),
  }
}

interface BuiltContent {
  readonly built: readonly BuildResult[]
  readonly needed: NeededSpecs | null
}

/** Builds all detections. The Python and the expectations of those that are not needed are not read. */
function buildNeeded(specs: readonly Spec[], context: ContentContext): BuiltContent {
  const { select } = context
  const bodyOf = (spec: Spec, problems: ProblemList) => readBody(spec, context, problems)
  const needed = select && neededSpecs(specs, select)
  if (!needed) return { built: buildDetections(specs, { ...context, bodyOf }), needed }
  const readable = new Set(context.python.filter((path) => !context.pythonLinks.has(path)))
  const emptyBody = (spec: Spec, problems: ProblemList) => {
    const path = bodyPath(spec)
    // Reading a file that is not listed shows what is wrong with it.
    return path !== null && readable.has(path)
      ? { path: projectPath(context.root, path), source: '' }
      : bodyOf(spec, problems)
  }
  const neededFiles = new Set(
    specs.filter(({ id }) => needed.all.has(id)).flatMap(({ path }) => expectationsFilesOf(path)),
  )
  const built = buildDetections(specs, {
    ...context,
    expectationsFiles: context.expectationsFiles.filter((file) => neededFiles.has(file)),
    bodyOf: (spec, problems) => (needed.all.has(spec.id) ? bodyOf : emptyBody)(spec, problems),
  })
  return { built, needed }
}

interface LinkedResult {
  readonly chain: readonly Spec[]
  readonly detection: Omit<Detection, 'version'>
}

function linkBuilt(built: readonly BuildResult[]): LinkedResult[] {
  const linked = linkMembers(built.map(({ detection }) => detection))
  return linked.map((detection, at) => ({ chain: built[at]!.chain, detection }))
}

function finishDetections(
  linked: readonly LinkedResult[],
  versions: Versions,
  { overrides }: DeclaredRouting,
): ReadonlyMap<string, Detection> {
  return new Map(
    linked.map(({ chain, detection }) => {
      const texts = chain.map(({ source }) => source.text)
      const version = versions.of(texts, detection.body)
      return [detection.id, { ...applyOverrides(detection, overrides), version }]
    }),
  )
}

const PART_KINDS: Readonly<Record<string, InvalidPart['kind']>> = {
  global: 'helper',
  datamodel: 'data model',
}

function invalidPart({ type, id, source }: Spec): InvalidPart[] {
  const kind = PART_KINDS[type]
  return kind ? [{ kind, id, file: source.file }] : []
}

function helperOf(spec: Spec, context: ContentContext): Helper[] {
  const body = readBody(spec, context, context.problems)
  return body ? [{ id: spec.id, location: spec.location, body }] : []
}

function dataModelOf(spec: Spec, context: ContentContext): DataModel[] {
  const { problems } = context
  const { value, id, location } = spec
  const body = readBody(spec, context, problems)
  if (problems.hasError(spec.source.file)) return []
  const mappings = value.Mappings as { Name: string; Path?: string; Method?: string }[]
  return [
    {
      id,
      location,
      enabled: value.Enabled === true,
      logTypes: value.LogTypes as string[],
      // Python reads these keys in lower case.
      mappings: mappings.map(({ Name, Path, Method }) => ({
        name: Name,
        ...(Path === undefined ? {} : { path: Path }),
        ...(Method === undefined ? {} : { method: Method }),
      })),
      body,
    },
  ]
}

function otherOf({ id, type, location, value }: Spec): OtherContent {
  return { id, type, location, spec: value }
}

/** Warns about expectations without a spec, because they check nothing. */
function warnOrphanExpectations({ expectationsFiles, root, problems }: ContentContext): void {
  for (const file of expectationsFiles) {
    if (specsOf(file).some(existsSync)) continue
    problems.file('warning', projectPath(root, file), {
      code: 'orphan-expectations',
      message: 'no spec with this name in the same directory',
      hint: 'rename it to <spec>.expect.yml',
    })
  }
}

/** Files of tests and packages. */
const NO_BODY = /(?:^|[\\/])(?:__\w+__|conftest|setup|test_[^\\/]*|[^\\/]*_test)\.py$/

const NOT_LOADED = new Set(['missing-analysis-type', 'unknown-analysis-type', 'skipped-analysis-file'])

/** Warns about Python files without a spec, because their detections do not run. */
function warnUnusedBodies(specs: readonly Spec[], { python, root, problems }: ContentContext): void {
  // A file that was not loaded may reference it.
  if (problems.sorted().some(({ severity, code }) => severity === 'error' || NOT_LOADED.has(code))) return
  const named = new Set(specs.map(bodyPath))
  for (const path of python.filter((file) => !NO_BODY.test(file) && !named.has(file))) {
    problems.file('warning', projectPath(root, path), {
      code: 'unused-body',
      message: 'unused Python file: no spec references it',
      hint: 'add a YAML spec whose Filename is this file',
    })
  }
}

function warnUnusedOverrides(built: readonly BuildResult[], { routing, problems }: ContentContext): void {
  for (const override of routing.overrides) {
    if (built.some(({ detection }) => overrideMatches(override, detection))) continue
    problems.warning(override.source, override.node.offset, {
      code: 'unused-override',
      message: 'this override matches no detection',
    })
  }
}
