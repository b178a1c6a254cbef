import { useEffect, useRef, useState } from 'preact/hooks';
import type { Host } from './host';
import type { AnalysisAnswer, AnalysisQuestion, AnswerTo } from '../../server/protocol-analysis';

/** Asks the host for sums over parts of the run. */
export class AnalysisClient {
  #next = 1;
  readonly #waiting = new Map<number, (answer: AnalysisAnswer | null) => void>();
  readonly #host: Pick<Host, 'post' | 'known'>;

  constructor(host: Pick<Host, 'post' | 'known'>) {
    this.#host = host;
  }

  /** The answer, where it can be had at once. */
  known<K extends AnalysisQuestion['kind']>(
    question: Extract<AnalysisQuestion, { kind: K }>,
  ): AnswerTo<K> | null {
    const answer = this.#host.known(question);
    return answer?.kind === question.kind ? (answer as AnswerTo<K>) : null;
  }

  /** Null: there is no answer, or a newer question of this kind came first. */
  ask<K extends AnalysisQuestion['kind']>(
    question: Extract<AnalysisQuestion, { kind: K }>,
  ): Promise<AnswerTo<K> | null> {
    const requestId = this.#next++;
    return new Promise((resolve) => {
      this.#waiting.set(requestId, (answer) =>
        // The host answers each kind of question with its kind of answer.
        resolve(answer?.kind === question.kind ? (answer as AnswerTo<K>) : null),
      );
      this.#host.post({ type: 'analysis', requestId, question });
    });
  }

  receive(requestId: number, answer: AnalysisAnswer | null): void {
    this.#waiting.get(requestId)?.(answer);
    this.#waiting.delete(requestId);
  }
}

/** So long a question waits for the next change of it. */
const DELAY_MS = 80;

/**
 * The answer to the latest question; the one before stays until it comes. Null: not asked, or not answered yet.
 *
 * @param revision asks anew when it changes
 */
export function useAnswer<K extends AnalysisQuestion['kind']>(
  client: AnalysisClient,
  question: Extract<AnalysisQuestion, { kind: K }> | null,
  revision: number,
): AnswerTo<K> | null {
  const [answer, setAnswer] = useState<AnswerTo<K> | null>(() =>
    question === null ? null : client.known<K>(question),
  );
  const latest = useRef(0);
  const key = question === null ? '' : JSON.stringify(question);
  useEffect(() => {
    const mine = ++latest.current;
    if (question === null) {
      setAnswer(null);
      return;
    }
    const timer = setTimeout(() => {
      void client.ask<K>(question).then((found) => {
        if (found !== null && latest.current === mine) setAnswer(() => found);
      });
    }, DELAY_MS);
    return () => clearTimeout(timer);
  }, [client, key, revision]);
  return answer;
}
