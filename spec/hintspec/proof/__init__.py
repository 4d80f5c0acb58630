"""Why it holds for every size: lemmas, each naming those that it leans on."""
