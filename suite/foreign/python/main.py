"""Scenarios of librdkafka, through its Python binding.

Usage: main.py BOOTSTRAP SCENARIO...
"""

import administration
import consuming
import groups
import producing
import transactions
import transcript

SCENARIOS = {
    **producing.SCENARIOS,
    **consuming.SCENARIOS,
    **groups.SCENARIOS,
    **transactions.SCENARIOS,
    **administration.SCENARIOS,
}

if __name__ == "__main__":
    transcript.main(SCENARIOS)
