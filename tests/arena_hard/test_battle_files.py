"""Tables of battles and files of judgments become games; what is none is an error that names its line."""

import json

import pytest
from harness_plugins.arena_hard.battle_files import ABSENT, LABELS, games_of, read_games
from harness_plugins.arena_hard.games import PromptAsked, RecordedGames
from harness_plugins.arena_hard.recorded_battles import ArenaHardBattles

from harness import Failure
from harness.errors import UsageError

HEAD = "question_id,model_a,model_b,winner\n"
A, B, T = 0.0, 1.0, 0.5


@pytest.mark.parametrize(
    ("votes", "games"),
    [
        ([A, A], [(A, 1), (A, 1)]),
        ([B, A], [(B, 1), (A, 1)]),
        ([T, B], [(T, 0), (B, 1)]),
        ([A, B, B, B], [(A, 1), (B, 2)]),
        ([B, B, B, A], [(B, 2), (A, 1)]),
        ([T, A, A, A], [(T, 0), (A, 2)]),
        ([B, B, B, B], [(B, 2), (B, 1)]),  # which of them is the strong one is not told
        ([A, A, A, B, B, B], [(A, 2), (B, 2)]),
        ([B], [(B, 1), None]),
        ([T], [(T, 0), None]),
        ([A, A, A], [(A, 2), None]),
    ],
)
def test_votes_are_taken_for_the_games_that_they_are_of(votes, games):
    found = games_of(votes)
    expected = [ABSENT if game is None else game for game in games]
    assert [game if game is ABSENT else (game.better, game.degree) for game in found] == expected


@pytest.mark.parametrize("votes", [[A, B, A], [T, T, T], [A] * 5, [A, A, B, B], [T, T, T, A], [A] * 8])
def test_votes_that_no_two_games_give_are_an_error(votes):
    with pytest.raises(UsageError, match="here: the votes"):
        games_of(votes, "here")


@pytest.mark.parametrize(
    ("label", "better", "degree"),
    [
        *[("A>>B", 1, 2), ("A>B", 1, 1), ("A=B", 0.5, 0), ("B>A", 0, 1), ("B>>A", 0, 2)],
        *[("A<B", 0, 1), ("A<<B", 0, 2), ("B<A", 1, 1), ("B<<A", 1, 2), ("B=A", 0.5, 0)],
    ],
)
def test_labels_mean_the_same_in_either_spelling(label, better, degree):
    assert LABELS[label] == (better, degree)


def judgment(*scores, **more):
    return json.dumps({"uid": "q", "model": "m", "baseline": "base", "games": [*scores], **more}) + "\n"


def test_judgments_tell_both_games_and_the_second_shows_the_candidate_first(tmp_path):
    path = tmp_path / "m.jsonl"
    path.write_text(judgment({"score": "A>>B"}, {"score": "A>B"}))
    first, second = read_games(path, "m")["q"]
    assert ((first.better, first.degree), (second.better, second.degree)) == ((0, 2), (1, 1))


def test_a_game_without_a_label_is_unread_and_one_that_is_not_there_has_failed(tmp_path):
    path = tmp_path / "m.jsonl"
    path.write_text(judgment({"score": None}, None) + judgment({"score": "A=B"}, uid="r"))
    unread, failed = read_games(path, "m")["q"]
    assert (unread.better, unread.answered, failed.better, failed.answered) == (None, True, None, False)
    assert read_games(path, "m")["r"][1] == ABSENT


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + "q,base,m,model_c\n", "battles.csv:2.*winner"),
        (HEAD + ",base,m,model_a\n", "battles.csv:2.*question_id"),
        (HEAD + "q,,m,model_a\n", "battles.csv:2.*model_a"),
        (HEAD + "q,m,m,model_a\n", "battles.csv:2.*meets itself"),
        (HEAD + "q,base,other,model_a\n", "no battle of the model 'm'.*other"),
        (HEAD + "q,base,m,model_a\nq,base,m,model_b\nq,base,m,tie\n", "battles.csv:2.*votes"),
    ],
)
def test_a_row_that_is_no_battle_is_an_error_with_its_line(tmp_path, text, said):
    path = tmp_path / "battles.csv"
    path.write_text(text)
    with pytest.raises(UsageError, match=said):
        read_games(path, "m")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (judgment({"score": "A"}, {"score": "A=B"}), "score of game 1 is 'A'"),
        (judgment({"score": "A=B"}) * 2, "there already"),
        (judgment({}, {}, {}), "two games"),
        (judgment("A>B"), "two games"),
    ],
)
def test_a_judgment_that_is_none_is_an_error(tmp_path, line, said):
    path = tmp_path / "m.jsonl"
    path.write_text(line)
    with pytest.raises(UsageError, match=said):
        read_games(path, "m")


def test_the_model_may_stand_on_either_side_and_other_baselines_are_left_out(tmp_path):
    path = tmp_path / "battles.csv"
    path.write_text(HEAD + "q,m,base,model_a\nq,base,m,model_b\nq,elsewhere,m,model_a\n")
    assert [game.better for game in read_games(path, "m", baseline="base")["q"]] == [1, 1]


def test_records_answer_with_counts_and_a_prompt_without_a_battle_fails(tmp_path):
    (tmp_path / "b.csv").write_text(HEAD + "q,base,m,model_b\nq,base,m,tie\n")
    (tmp_path / "s.csv").write_text(
        "question_id,model,token_len,char_len,header,lst,bold\nq,m,9,90,1,2,3\nq,base,7,70,0,0,0\nq,other,x,y,z,z,z\n"
    )
    model = ArenaHardBattles("m", str(tmp_path / "b.csv"), str(tmp_path / "s.csv"), "base")
    found, failed = model.recorded_games([PromptAsked("q"), PromptAsked("r")])
    assert isinstance(found, RecordedGames)
    assert (found.candidate, found.baseline) == ((90, 1, 2, 3), (70, 0, 0, 0))
    assert isinstance(failed, Failure)
    assert "'m'" not in failed.reason
    assert set(model.identity()) == {"battles", "style"}
    assert ArenaHardBattles("m", str(tmp_path / "b.csv")).style_file is None


@pytest.mark.parametrize("row", ["q,m,9,many,1,2,3", "q,m,9,,1,2,3"])
def test_counts_that_are_no_numbers_are_an_error(tmp_path, row):
    (tmp_path / "b.csv").write_text(HEAD + "q,base,m,model_b\n")
    (tmp_path / "s.csv").write_text("question_id,model,token_len,char_len,header,lst,bold\n" + row + "\n")
    model = ArenaHardBattles("m", str(tmp_path / "b.csv"), str(tmp_path / "s.csv"), "base")
    with pytest.raises(UsageError, match=r"s.csv:2"):
        model.recorded_games([PromptAsked("q")])
