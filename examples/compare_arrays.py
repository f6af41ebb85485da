"""The best optimizer for two arrays.

Run it with `python examples/compare_arrays.py`.
"""

from sklearn.datasets import load_wine

import ravine

X, y = load_wine(return_X_y=True)
result = ravine.compare(X, y, optimizers="sgd,nesterov,adam", effort="quick")
print(result)
print(result.pairs_table[["a", "b", "difference", "p_better", "p_holm"]])
print("labels of the first rows:", result.model.predict(X[:5]))
