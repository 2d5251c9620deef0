export { type ExamineOptions, examine } from './examine.ts';
export { describeFinding, type Finding, hasProblem } from './finding.ts';
