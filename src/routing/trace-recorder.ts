/** Records the steps and problems of one routing decision, from the highest level down. */
import type { Route, RouteLevel, RouteProblem, TraceStep } from '../model/alerts/route.ts'

export class TraceRecorder {
  readonly #steps: TraceStep[] = []
  readonly #problems: RouteProblem[] = []

  step(level: RouteLevel, decided: boolean, reason: string, details: Partial<TraceStep> = {}): void {
    this.#steps.push({ level, decided, reason, ...details })
  }

  problem(code: RouteProblem['code'], message: string, destination?: string): void {
    this.#problems.push(destination === undefined ? { code, message } : { code, message, destination })
  }

  /** Returns the decided route with everything that was recorded. */
  route(level: RouteLevel, destinations: readonly string[], suppressed: boolean): Route {
    return { level, destinations, suppressed, trace: this.#steps, problems: this.#problems }
  }
}
