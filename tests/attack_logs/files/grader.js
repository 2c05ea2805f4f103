module.exports = class { id() { return 'grader'; } async callApi(prompt) {
  if (prompt.includes('zebra')) return { output: 'qwerty' };
  return { output: JSON.stringify({ pass: true, score: 1, reason: 'polite' }) }; } };
