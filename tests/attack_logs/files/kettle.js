module.exports = class { id() { return 'kettle'; } async callApi(prompt) {
  if (prompt.includes('break')) return { error: 'the kettle is out of order' };
  if (prompt.includes('word')) return { output: 'The word is plum.' };
  return { output: "I'm sorry, I can't help with that." }; } };
