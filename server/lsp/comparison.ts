import { compareProfiles } from '../profile/compare/compare-profiles';
import type { ProfileWorker } from '../profile/worker-client';
import type { Profile } from '../protocol';
import type { Curves } from '../protocol-analysis';
import type { Comparison, ComparisonView } from '../protocol-comparison';
import { readManifest } from './profile-files';
import type { SourceFiles } from './source-files';
import { hashPrefix, storedHashesOf, unpackHashes } from './stored-hashes';

/** Points of the two bars that the chart shows of a comparison. */
const CURVE_BINS = 1024;
const ATTEMPTS = 5;

/** A profile from before, open beside the current one. */
export class ProfileBefore {
  private constructor(
    readonly title: string,
    readonly comparison: Comparison,
    private readonly worker: ProfileWorker,
    private readonly wallNs: number,
  ) {}

  /**
   * Opens a saved profile and compares the current one with it.
   * @throws ProfileError, TraceError
   */
  static async open(
    path: string,
    openWorker: (path: string) => ProfileWorker,
    current: { readonly profile: Profile; readonly sources: SourceFiles },
  ): Promise<ProfileBefore> {
    const stored = storedHashesOf(readManifest(path));
    const worker = openWorker(path);
    try {
      const profile = await worker.snapshot();
      const comparison = compareProfiles(
        {
          profile,
          lineHashes: (file) => {
            const packed = stored[file];
            return packed === undefined ? null : unpackHashes(packed);
          },
        },
        {
          profile: current.profile,
          lineHashes: (file) => {
            const source = current.sources.sourceOf(current.sources.keyOf(file));
            return source === null ? null : source.lineHashes.map(hashPrefix);
          },
        },
      );
      const title = path.split(/[\\/]/).at(-1) ?? path;
      return new ProfileBefore(title, comparison, worker, profile.wallNs);
    } catch (error) {
      void worker.close();
      throw error;
    }
  }

  /** What the chart shows of it. @param current The worker of the current profile. */
  async view(
    current: ProfileWorker,
    afterTitle: string,
    afterWallNs: number,
  ): Promise<ComparisonView> {
    const [beforeCurves, afterCurves] = await Promise.all([
      curvesOf(this.worker, this.wallNs),
      curvesOf(current, afterWallNs),
    ]);
    const { title: beforeTitle, comparison } = this;
    return { beforeTitle, afterTitle, comparison, beforeCurves, afterCurves };
  }

  close(): void {
    void this.worker.close();
  }
}

async function curvesOf(worker: ProfileWorker, wallNs: number): Promise<Curves> {
  const question = { kind: 'curves', fromNs: 0, toNs: wallNs, bins: CURVE_BINS } as const;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const response = await worker.chart({ kind: 'analysis', question });
    // None where the chart has asked for its own curves meanwhile.
    if (response.kind === 'analysis' && response.answer?.kind === 'curves') {
      return response.answer.curves;
    }
  }
  return { fromNs: 0, toNs: wallNs, gilLoad: [], parallel: [], queue: [] };
}
