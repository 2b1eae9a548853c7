/** Builds every detection once, bases before what derives from them, whatever the order of the files. */

import type { DetectionWithoutVersion, PythonSource } from '../../model/project/detection.ts'
import { expectationsFilesOf } from '../files/discover.ts'
import type { ProblemList } from '../files/problems.ts'
import { child } from '../yaml/yaml.ts'
import { buildDetection, deriveDetection, isDerived } from './detections.ts'
import { withExpectationsFile } from './expectations-file.ts'
import type { Spec } from './spec.ts'

export interface BuildResult {
  readonly spec: Spec
  readonly detection: DetectionWithoutVersion
  /** The spec and the bases it derives from. */
  readonly chain: readonly Spec[]
}

interface DerivationContext {
  readonly root: string
  /** Bodies and expectations files must be in one of these folders, links followed. */
  readonly folders: readonly string[]
  readonly expectationsFiles: readonly string[]
  readonly problems: ProblemList
  /** Reads the Python file of a spec. */
  readonly bodyOf: (spec: Spec, problems: ProblemList) => PythonSource | null
}

/** Builds the detections in the order of the specs. */
export function buildDetections(specs: readonly Spec[], context: DerivationContext): BuildResult[] {
  const derivation = new Derivation(specs, context)
  return specs.flatMap((spec) => derivation.build(spec) ?? [])
}

class Derivation {
  readonly #context: DerivationContext
  readonly #specs: ReadonlyMap<string, Spec>
  readonly #expectationsFiles: ReadonlySet<string>
  /** null: it cannot be built, or is being built, which ends a cycle of bases. */
  readonly #done = new Map<string, BuildResult | null>()

  constructor(specs: readonly Spec[], context: DerivationContext) {
    this.#context = context
    this.#specs = new Map(specs.map((spec) => [spec.id, spec]))
    this.#expectationsFiles = new Set(context.expectationsFiles)
  }

  build(spec: Spec): BuildResult | null {
    const known = this.#done.get(spec.id)
    if (known !== undefined) return known
    this.#done.set(spec.id, null)
    const built = this.#withExpectationsFile(isDerived(spec) ? this.#derive(spec) : this.#own(spec))
    this.#done.set(spec.id, built)
    return built
  }

  #own(spec: Spec): BuildResult {
    const { problems, bodyOf } = this.#context
    const detection = buildDetection(spec, bodyOf(spec, problems), problems)
    return { spec, detection, chain: [spec] }
  }

  #derive(spec: Spec): BuildResult | null {
    const { problems } = this.#context
    const id = String(spec.value.BaseDetection)
    const baseSpec = this.#specs.get(id)
    const base = baseSpec ? this.build(baseSpec) : null
    if (!base || problems.hasError(base.spec.source.file)) {
      problems.warning(spec.source, child(spec.node, 'BaseDetection')!.offset, {
        code: 'missing-base',
        message: `base detection "${id}" is not loaded: this rule does not run`,
      })
      return null
    }
    const detection = deriveDetection(spec, base.detection, problems)
    return { spec, detection, chain: [spec, ...base.chain] }
  }

  #withExpectationsFile(built: BuildResult | null): BuildResult | null {
    const side =
      built && expectationsFilesOf(built.spec.path).find((file) => this.#expectationsFiles.has(file))
    if (!built || !side) return built
    const tests = withExpectationsFile(built.detection.tests, side, this.#context, this.#context.problems)
    return { ...built, detection: { ...built.detection, tests } }
  }
}
