/** A fault of the tool itself or of how it was called: one line on standard error, status 125. */
export class ToolFault extends Error {
  override readonly name = 'ToolFault';
}

export const TOOL_FAULT_STATUS = 125;
export const BUDGET_BROKEN_STATUS = 3;
/** A condition of `gilscope compare --fail-if` is met. */
export const CONDITION_MET_STATUS = 1;
