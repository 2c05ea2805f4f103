"""The quickstart benchmark: four small tasks whose data lie beside this file."""
