"""Names of FHIR R4, of the SDC guide and of this project's own extensions, for Questionnaires.

`docs/fhir.md` says which carries what.
"""

from instruments.conditions import Operator

# The project's own names. Extensions keep it wherever the service runs; a Questionnaire's url may have another base.
PROJECT = "https://survey-service.example/fhir"
OWN = f"{PROJECT}/StructureDefinition"
INSTRUMENT_IDS = f"{PROJECT}/instrument"

INSTRUMENT = f"{OWN}/instrument"
RESPONDENT = f"{OWN}/respondent"
WORDING = f"{OWN}/wording"
PART = f"{OWN}/part"
FRAME_PART = f"{OWN}/frame-part"
LICENCE_STATEMENT = f"{OWN}/licence-statement"
OPTION_SET = f"{OWN}/option-set"
RECALL = f"{OWN}/recall"
MAY_NOT_APPLY = f"{OWN}/may-not-apply"
COMPANION = f"{OWN}/companion"
SENSITIVE = f"{OWN}/sensitive"

_CORE = "http://hl7.org/fhir/StructureDefinition"
TRANSLATION = f"{_CORE}/translation"
ORDINAL = f"{_CORE}/ordinalValue"
EXCLUSIVE = f"{_CORE}/questionnaire-optionExclusive"
ITEM_CONTROL = f"{_CORE}/questionnaire-itemControl"
UNIT = f"{_CORE}/questionnaire-unit"
SLIDER_STEP = f"{_CORE}/questionnaire-sliderStepValue"
MINIMUM = f"{_CORE}/minValue"
MAXIMUM = f"{_CORE}/maxValue"
DECIMALS = f"{_CORE}/maxDecimalPlaces"
HIDDEN = f"{_CORE}/questionnaire-hidden"
_SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition"
ADAPTIVE = f"{_SDC}/sdc-questionnaire-questionnaireAdaptive"

READ = frozenset(
    {
        INSTRUMENT, RESPONDENT, WORDING, PART, FRAME_PART, LICENCE_STATEMENT, OPTION_SET, RECALL, MAY_NOT_APPLY,
        COMPANION, TRANSLATION, ORDINAL, EXCLUSIVE, ITEM_CONTROL, UNIT, SLIDER_STEP, MINIMUM, MAXIMUM, DECIMALS,
        HIDDEN, ADAPTIVE, SENSITIVE,
    }
)  # fmt: skip
# They decide what is asked or answered, so to leave them out would make another questionnaire of it.
REFUSED = {
    f"{_SDC}/sdc-questionnaire-enableWhenExpression": "whether it is asked is a formula",
    f"{_SDC}/sdc-questionnaire-calculatedExpression": "its answer is calculated",
    f"{_SDC}/sdc-questionnaire-answerExpression": "its options are a formula",
    f"{_SDC}/sdc-questionnaire-answerOptionsToggleExpression": "its options are a formula",
}

CONTROLS = "http://hl7.org/fhir/questionnaire-item-control"
UCUM = "http://unitsofmeasure.org"
ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
NOT_APPLICABLE = "not-applicable"

OPERATORS = {
    Operator.IS: "=",
    Operator.IS_NOT: "!=",
    Operator.MORE_THAN: ">",
    Operator.LESS_THAN: "<",
    Operator.AT_LEAST: ">=",
    Operator.AT_MOST: "<=",
    Operator.ANSWERED: "exists",
}
