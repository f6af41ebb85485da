"""Calls that a type checker accepts, and calls that it rejects (marked `wrong`). Never run."""

import numpy as np

import ravine

X, y = np.zeros((4, 2)), np.zeros(4)

trained: ravine.TrainResult = ravine.train(X, y, optimizer="adam", learning_rate=0.01, seeds=3)
mean: float | None = trained.result.mean
ravine.compare("data.csv", "price", optimizers=["sgd", "adam"], effort="quick")
ravine.sweep(X, y, vary={"dropout": [0, 0.2]})
ravine.train(X, y, optimiser="adam")  # wrong
ravine.train(X, y, seeds="three")  # wrong
best: str = ravine.train(X, y).result.winner  # wrong
