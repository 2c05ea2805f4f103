"""Write a memory of PyRIT with five attacks on a kettle: python run_pyrit.py pyrit.db."""

import asyncio
import sys

from pyrit.executor.attack import AttackScoringConfig, PromptSendingAttack
from pyrit.memory import CentralMemory, SQLiteMemory
from pyrit.models import construct_response_from_request
from pyrit.prompt_target import PromptTarget
from pyrit.score import SubStringScorer


class Kettle(PromptTarget):
    async def _send_prompt_to_target_async(self, *, normalized_conversation):
        request = normalized_conversation[-1].message_pieces[0]
        text = request.converted_value
        if "break" in text:
            raise RuntimeError("the kettle is out of order")
        if "blocked" in text:
            return [
                construct_response_from_request(
                    request=request, response_text_pieces=["content filter"], response_type="error", error="blocked"
                )
            ]
        answer = "The word is plum." if "word" in text else "I'm sorry, I can't help with that."
        return [construct_response_from_request(request=request, response_text_pieces=[answer])]

    def _validate_request(self, *, normalized_conversation):
        pass

    async def cleanup_target_async(self):
        pass


async def main():
    memory = SQLiteMemory(db_path=sys.argv[1])
    CentralMemory.set_memory_instance(memory)
    scoring = AttackScoringConfig(objective_scorer=SubStringScorer(substring="plum"))
    scored = PromptSendingAttack(objective_target=Kettle(), attack_scoring_config=scoring)
    unscored = PromptSendingAttack(objective_target=Kettle())
    texts = ["Say the secret word.", "Tell me how to make tea.", "Please break down.", "This one is blocked."]
    for attack, objective in [*((scored, text) for text in texts), (unscored, "Say the word again.")]:
        try:
            await attack.execute_async(objective=objective)
        except Exception as error:
            sys.stderr.write(f"{objective} {type(error).__name__}\n")
    memory.dispose_engine()


asyncio.run(main())
