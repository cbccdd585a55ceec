#include "analysis/analyse.h"
#include "items/compare_estimate.h"
#include "items/facts.h"
#include "items/provenance_counts.h"
#include "items/flow_facts.h"
#include "items/problem_model.h"
#include "session/apply_problem.h"
#include "support.h"
#include "support/memory_slot.h"

using namespace quantscope;
using namespace Qt::StringLiterals;

namespace {

const std::string kPreset = "Int8WeightPerTensorFixedPoint";

/// 4 bits, narrow, steps of a quarter: codes 7 (of 8), 7, 0 (of 0.4), 2, -1 and 0.
SlotQuantizer fixedPoint()
{
    Quantizer q = test::affine(4, true, true, {{}, {}, {0.25f}});
    q.origin = {{"scale", {Origin::Computed, "abs-max, 2^-2"}}, {"bit_width", {Origin::Recipe, "entry 1"}}};
    for (const char *field : {"zero_point", "signed", "narrow", "rounding"})
        q.origin[field] = {Origin::Preset, kPreset};
    SlotQuantizer slot = test::slotOf({2, 1.75f, 0.1f, 0.6f, -0.3f, 0}, {2, 3}, q);
    slot.preset = kPreset;
    return slot;
}

/// Unsigned codes with a scale and a zero point for each column.
SlotQuantizer channels()
{
    Quantizer q = test::affine(4, false, false, {{1, 2}, 1, {0.25f, 0.1f}}, {{1, 2}, 1, {3, 5}});
    q.rounding = Rounding::Floor;
    for (const char *field : {"scale", "zero_point", "signed", "rounding"})
        q.origin[field] = {Origin::Read, "QuantizeLinear node /q, input 1"};
    q.origin["narrow"] = {Origin::Assumed, "no ONNX operator says it"};
    SlotQuantizer slot = test::slotOf({0, 0, 1, 1}, {2, 2}, q);
    slot.tensorName = "w";
    return slot;
}

SlotQuantizer oneFloatScale()
{
    Quantizer q = test::affine(8, false, true, {{}, {}, {0.1f}}, {{}, {}, {128}});
    for (const char *field : {"signed", "narrow"})
        q.origin[field] = {Origin::Preset, "Uint8"};
    SlotQuantizer slot;
    slot.slot = Slot::Act;
    slot.preset = "Uint8";
    slot.sharedWith = "relu:act";
    slot.quantizer = q;
    return slot;
}

SlotQuantizer storedIntegers()
{
    Quantizer q;
    q.rule = CodeRule::Stored;
    q.storageBits = 8;
    q.isSigned = true;
    q.narrow = false;
    SlotQuantizer slot = test::slotOf({0, 1}, {2}, q);
    slot.computed = "a * b";
    slot.tensorName = "ab";
    return slot;
}

SlotQuantizer places()
{
    SlotQuantizer slot = storedIntegers();
    slot.quantizer->kind = QuantizerKind::Codebook;
    slot.quantizer->bitWidth = 4;
    slot.quantizer->isSigned = false;
    return slot;
}

SlotQuantizer switchedOff()
{
    SlotQuantizer slot;
    slot.slot = Slot::Act;
    slot.preset = "None";
    return slot;
}

using Make = SlotQuantizer (*)();

QString lines(const QStringList &all) { return all.join(u'\n'); }

QString factsText(const SlotQuantizer &slot)
{
    const SlotFacts facts = slotFacts(slot);
    QStringList out{facts.title + u" | "_s + facts.subtitle + u" | "_s + facts.type};
    for (const Fact &row : facts.rows)
        out << QStringList{row.label, row.value, row.word + (row.assumed ? u"!"_s : QString()), row.detail}.join(
            u" | "_s);
    return lines(out << facts.formula << facts.problem);
}

QString figuresText(const std::vector<FigureText> &figures)
{
    QStringList out;
    for (const FigureText &figure : figures)
        out << QStringList{figure.name, figure.value, QString(figure.tip).replace(u'\n', u" / "_s)}.join(u" | "_s);
    return lines(out);
}

} // namespace

Q_DECLARE_METATYPE(Make)

/// What cards, figures and problems say of a quantizer, whole, with numbers that follow from those of the test.
class FactsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { Settings::setVolatile(); }
    void init() { test::failOnWarnings(); }

    void facts_data()
    {
        QTest::addColumn<Make>("make");
        QTest::addColumn<QString>("text");
        const auto row = [](const char *title, Make make, const QStringList &text) {
            QTest::newRow(title) << make << lines(text);
        };
        row("fixed point", fixedPoint,
            {u"weight | Int8WeightPerTensorFixedPoint | ap_fixed<4,2>"_s, u"scale | 2⁻² | computed | abs-max, 2⁻²"_s,
                u"zero point | 0 | preset | Int8WeightPerTensorFixedPoint"_s, u"bits | 4 | recipe | entry 1"_s,
                u"signed | yes | preset | two’s complement"_s, u"narrow | yes | preset | −8 is never used"_s,
                u"rounding | ROUND | preset | half to even"_s, u"granularity | per tensor | computed | one scale"_s,
                u"Qm.n | 2.2 | computed | m = bits − n, with sign"_s, u"range | ±1.75 | computed | codes −7 … 7"_s,
                u"LSB | 0.25 | computed | equals the scale"_s, u"frac bits = −log₂ 2⁻² = 2 · value = code · 2⁻²"_s,
                QString()});
        row("channels", channels,
            {u"weight | w | uint4"_s, u"scale | 2 scales | read | input 1"_s,
                u"zero point | 2 values | read | input 1"_s, u"bits | 4 |  | "_s, u"signed | no | read | input 1"_s,
                u"narrow | no | assumed! | full range · no ONNX operator says it"_s,
                u"rounding | FLOOR | read | input 1"_s, u"granularity | per channel, axis 1 | computed | 2 scales"_s,
                u"range | −0.75 … 3 | computed | codes 0 … 15"_s, u"LSB | 0.1 … 0.25 | computed | equals the scale"_s,
                u"value = (code − zero point) · scale of its channel"_s, QString()});
        row("one float scale", oneFloatScale,
            {u"act | Uint8 · shared with relu:act | uint8"_s, u"scale | 0.1 |  | "_s, u"zero point | 128 |  | "_s,
                u"bits | 8 |  | "_s, u"signed | no | preset | no negative codes"_s,
                u"narrow | yes | preset | 255 is never used"_s, u"rounding | unknown |  | "_s,
                u"granularity | per tensor | computed | one scale"_s,
                u"range | −12.8 … 12.6 | computed | codes 0 … 254"_s,
                u"LSB | 0.1 | computed | equals the scale"_s,
                u"value = (code − zero point) · 0.1 · no power of two, so no fractional bits"_s, QString()});
        row("stored integers", storedIntegers,
            {u"weight | ab | int8"_s, u"scale | unknown |  | "_s, u"zero point | unknown |  | "_s,
                u"bits | unknown, stored in 8 |  | "_s, u"signed | yes |  | "_s, u"narrow | no |  | "_s,
                u"rounding | unknown |  | the file holds the codes"_s, u"tensor | ab | computed | a * b"_s,
                u"granularity | unknown | computed | 0 scales"_s,
                u"codes | −128 … 127 | computed | the integers that the file stores"_s, QString(), QString()});
        row("switched off", switchedOff, {u"act | None | "_s, QString(), u"no quantizer: it is switched off"_s});
    }
    void facts()
    {
        QFETCH(Make, make);
        QTEST(factsText(make()), "text");
    }

    void figures_data()
    {
        QTest::addColumn<Make>("make");
        QTest::addColumn<bool>("known");
        QTest::addColumn<QString>("text");
        const auto row = [](const char *title, Make make, bool known, const QStringList &text) {
            QTest::newRow(title) << make << known << lines(text);
        };
        const QStringList type{u"type | ap_fixed<4,2> | holds every value exactly: 4 bits, binary point after bit 2"_s,
            u"scale | 2⁻² | computed: abs-max, 2⁻²"_s,
            u"fractional bits | 2 | −log₂ of the scale, where it is a power of two"_s,
            u"range | ±1.75 | ±1.75 / codes −7 … 7 times the scale"_s};
        // Σ w² = 4 + 3.0625 + 0.01 + 0.36 + 0.09, Σ e² = 0.0625 + 2 · 0.01 + 0.0025
        row("fixed point", fixedPoint, true,
            type
                + QStringList{u"SQNR | 19.5 dB | 10 log₁₀(Σ w² / Σ e²), e = value − float weight, summed in float64. / "
                              "Σ w² = 7.5225, Σ e² = 0.085, largest |e| = 0.25"_s,
                    u"at limit in file | 33.3 % | 2 of 6 codes equal an end of the range (−7 … 7); 1 were clipped: "
                    u"their "
                    "rounded code lay beyond it"_s,
                    u"rounded to 0 | 16.7 % | 1 of 6 weights are not zero but get the zero point as their code"_s,
                    u"codes used | 4 / 15 | 4 of the 15 codes −7 … 7 occur at least once"_s});
        row("being computed", fixedPoint, false,
            type
                + QStringList{u"SQNR | … | being computed"_s, u"at limit in file | … | being computed"_s,
                    u"rounded to 0 | … | being computed"_s, u"codes used | … | being computed"_s});
        const QString noType = u"no fixed-point type holds the values exactly: the scale is not one power of two, or "
                               "there is a zero point"_s;
        row("an activation", oneFloatScale, false,
            {u"type | uint8 | "_s + noType, u"scale | 0.1 | "_s,
                u"fractional bits | none | −log₂ of the scale, where it is a power of two"_s,
                u"range | −12.8 … 12.6 | −12.8000001 … 12.6000001 / codes 0 … 254 times the scale"_s});
        row("places in a table", places, false,
            {u"type | codebook | a code is a place in a table of values: no scale describes those"_s,
                u"scale | unknown | the file has these integers and no scale"_s,
                u"fractional bits | unknown | −log₂ of the scale, where it is a power of two"_s,
                u"range | unknown | unknown / codes 0 … 15"_s, u"SQNR | … | being computed"_s,
                u"at limit in file | … | being computed"_s, u"rounded to 0 | … | being computed"_s,
                u"codes used | … | being computed"_s});
        row("switched off", switchedOff, false, {u"type | unknown | no quantizer: it is switched off"_s});
    }
    void figures()
    {
        QFETCH(Make, make);
        QFETCH(bool, known);
        const SlotQuantizer slot = make();
        const auto statistics = known ? std::optional(*analyse(slot)) : std::nullopt;
        QTEST(figuresText(slotFigures(slot, statistics ? &*statistics : nullptr)), "text");
    }

    /// What came from one place is said once.
    void provenance()
    {
        const auto text = [](const SlotQuantizer &slot) {
            QStringList out;
            for (const Fact &fact : provenanceLine(slot))
                out << fact.label + u" "_s + fact.word + u" "_s + fact.detail;
            return out;
        };
        QCOMPARE(text(fixedPoint()),
            (QStringList{u"scale computed abs-max, 2⁻²"_s,
                u"zero point, signed, narrow, rounding preset Int8WeightPerTensorFixedPoint"_s,
                u"bits recipe entry 1"_s}));
        QCOMPARE(text(channels()),
            (QStringList{u"scale, zero point, signed, rounding read QuantizeLinear node /q"_s,
                u"narrow assumed no ONNX operator says it"_s}));
        Layer layer;
        layer.slots = {fixedPoint(), channels()};
        QCOMPARE(provenanceCounts(layer), u"read 4 · computed 8 · preset 4 · recipe 1 · assumed 1"_s);
    }

    void onData_data()
    {
        QTest::addColumn<QList<float>>("flows");
        QTest::addColumn<QString>("text");
        const auto row = [](const char *title, const QList<float> &flows, const QStringList &text) {
            QTest::newRow(title) << flows << lines(text);
        };
        const QString span = u"smallest and largest of the %1 values that flow in, over all samples"_s,
                      sqnr = u"10 log₁₀(Σ x² / Σ e²), e = what leaves the quantizer − x, over all that flowed. / "_s;
        const QString zeros = u"values that flow in are not zero but get the zero point as their code"_s;
        // 3 is clipped to 1.75, −0.1 becomes 0: Σ x² = 9 + 0.01 + 0.25, Σ e² = 1.5625 + 0.01
        row("numbers and NaN", {3, -0.1f, 0.5f, NAN},
            {u"seen on data | −0.1 … 3 | "_s + span.arg(4) + u"; 1 are NaN or infinite"_s,
                u"SQNR on data | 7.7 dB | "_s + sqnr + u"Σ x² = 9.26, Σ e² = 1.5725, largest |e| = 1.25"_s,
                u"clipped on data | 25.0 % | 1 of 4 values that flow in lie beyond the range and saturate"_s,
                u"at limit on data | 25.0 % | 1 of 4 codes equal an end of the range (−7 … 7)"_s,
                u"rounded to 0 on data | 25.0 % | 1 of 4 "_s + zeros,
                u"codes used on data | 3 / 15 | 3 of the 15 codes −7 … 7 occurred, from 0 to 7"_s});
        row("NaN alone", {NAN, NAN},
            {u"seen on data | – | "_s + span.arg(2) + u"; 2 are NaN or infinite"_s,
                u"SQNR on data | – | "_s + sqnr + u"Σ x² = 0, Σ e² = 0, largest |e| = 0"_s,
                u"clipped on data | 0 | 0 of 2 values that flow in lie beyond the range and saturate"_s,
                u"at limit on data | 0 | 0 of 2 codes equal an end of the range (−7 … 7)"_s,
                u"rounded to 0 on data | 0 | 0 of 2 "_s + zeros,
                u"codes used on data | 0 / 15 | nothing with a code flowed"_s});
    }
    void onData()
    {
        QFETCH(QList<float>, flows);
        const SlotQuantizer slot = fixedPoint();
        LayerFlow flow{"a", {}, Slot::Act, {}};
        flow.figures = measureFlow(std::vector<float>(flows.begin(), flows.end()), {flows.size()}, &*slot.quantizer);
        const auto own = slotFigures(slot, nullptr), all = flowFigures(&slot, &flow);
        QTEST(figuresText({all.begin() + static_cast<std::ptrdiff_t>(own.size()), all.end()}), "text");
    }

    /// Of a type that is only tried: what follows from the bars is marked, what was computed is not.
    void trials()
    {
        const SlotQuantizer slot = fixedPoint();
        const SlotStatistics file = *analyse(slot);
        const FixedType type{4, 2, true};
        const QStringList head{u"type | ap_fixed<4,2> | tried: W = 4 bits, I = 2 of them left of the binary point, F = "
                               "2; the file keeps its own until Apply"_s,
            u"scale | 2⁻² | the LSB of the tried type: 2^−F"_s, u"fractional bits | 2 | W − I"_s,
            u"range | −2 … 1.75 | −2 … 1.75 / of the tried type; full range, half to even, saturating"_s};
        const QString limit
            = u"at limit in file | 33.3 % | codes of the file as it is that equal an end of its range: not "
              "of the tried type"_s;
        const QString zeros = u"weights that would get code 0: |w| up to half an LSB"_s;
        TypeEstimate estimate{.sqnrDb = 21.04, .clipped = 0.25, .zeroed = 0.125};
        QCOMPARE(figuresText(trialFigures(type, estimate, nullptr, file)),
            lines(head
                + QStringList{
                    u"SQNR | ~21.0 dB | estimated from the bars: weights evenly spread within each; the exact "
                    "figure follows"_s,
                    limit, u"rounded to 0 | ~12.5 % | "_s + zeros, u"codes used |  | "_s,
                    u"would be clipped | ~25.0 % | estimated from the bars above the window"_s}));
        QVERIFY(figuresText(trialFigures({8, 4, true}, estimate, nullptr, file)).contains(u"range | −8 … 7.93 | "));
        CandidateResult exact;
        exact.figures = file;
        QCOMPARE(figuresText(trialFigures(type, estimate, &exact, file)),
            lines(head
                + QStringList{u"SQNR | 19.5 dB | exact, of the tried type: 10 log₁₀(Σ w² / Σ e²)"_s, limit,
                    u"rounded to 0 | 16.7 % | "_s + zeros, u"codes used |  | "_s,
                    u"would be clipped | 16.7 % | 1 of 6 weights lie beyond the range of the tried type; 2 codes would "
                    "equal an end of it"_s}));
        estimate.sqnrDb.reset();
        QVERIFY(figuresText(trialFigures({4, 2, false}, estimate, nullptr, file)).contains(u"SQNR | ~exact | "));
        QVERIFY(figuresText(trialFigures({4, 2, false}, estimate, nullptr, file)).contains(u"range | 0 … 3.75 | "));
    }

    void whereARecipeStands_data()
    {
        QTest::addColumn<int>("dialect");
        QTest::addColumn<QString>("from"); ///< path, or "export"
        QTest::addColumn<bool>("assumed");
        QTest::addColumn<QString>("state");
        QTest::addColumn<QString>("recent");
        const auto row = [](const char *title, Dialect dialect, const char *from, bool assumed, const QString &state,
                             const QString &recent) {
            QTest::newRow(title) << static_cast<int>(dialect) << QString::fromLatin1(from) << assumed << state
                                 << recent;
        };
        const Dialect brevitas = Dialect::BrevitasStateDict;
        row("graph", Dialect::Qcdq, "", true, u"in the file"_s, u"quantizers read from the file"_s);
        row("none", brevitas, "", false, u"none"_s, u"recipe none"_s);
        row("none, assumed", brevitas, "", true, u"none, assumed"_s, u"no recipe: preset assumed"_s);
        row("beside", brevitas, "m.recipe.toml", false, u"beside it"_s, u"recipe beside it"_s);
        row("beside, in part", brevitas, "m.recipe.toml", true, u"partly assumed"_s,
            u"recipe leaves presets assumed"_s);
        row("export", brevitas, "export", false, u"from the export"_s, u"recipe from the export"_s);
        row("export, in part", brevitas, "export", true, u"partly assumed"_s, u"recipe leaves presets assumed"_s);
    }
    void whereARecipeStands()
    {
        QFETCH(int, dialect);
        QFETCH(QString, from);
        QFETCH(bool, assumed);
        QFETCH(QString, state);
        Network network;
        network.dialect = static_cast<Dialect>(dialect);
        (from == u"export" ? network.recipe.takenFrom : network.recipe.path) = str(from);
        Layer layer;
        layer.slots = {oneFloatScale()};
        layer.slots[0].assumed = assumed;
        network.add(layer);
        QCOMPARE(recipeAssumed(network), assumed);
        QCOMPARE(recipeStateText(network, false, false), state);
        QTEST(recentStateText(network, false, false), "recent");
        QCOMPARE(recipeStateText(network, false, true), state == u"beside it" ? u"chosen file"_s : state);
        const bool graph = state == u"in the file";
        QCOMPARE(recipeStateText(network, true, false), u"edited, not saved"_s); // of a graph: what is muted
        network.confirmedBy = "m.onnx";
        QCOMPARE(recipeStateText(network, false, false), graph ? state : u"✓ confirmed"_s);
    }

    /// Where a sentence names a way of the command line, the window names its own; elsewhere the words stay.
    void waysOn_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("shown");
        QTest::newRow("tensors")
            << u"3 tensors are in no layer: --tensors lists all"_s
            << u"3 tensors are in no layer: in a terminal, quantscope inspect --tensors lists all"_s;
        QTest::newRow("parts") << u"ema holds ema and is not shown: --part ema takes it"_s
                               << u"ema holds ema and is not shown: the choice 'part of the file' takes it"_s;
        QTest::newRow("recipe") << u"taken from m.onnx beside the file: 2 of 3; 'quantscope recipe' prints it, saving "
                                   "it keeps it"_s
                                << u"taken from m.onnx beside the file: 2 of 3; the page Recipe shows it, saving it "
                                   "keeps it"_s;
        QTest::newRow("a name") << u"--tensors lists all.weight: scale 2^-4"_s
                                << u"--tensors lists all.weight: scale 2⁻⁴"_s;
    }
    void waysOn()
    {
        QFETCH(QString, text);
        QFETCH(QString, shown);
        ProblemModel model;
        model.setChecked(
            saidSoFar({std::make_shared<const Network>(), {}, {{"rule", Severity::Note, "fc", str(text)}}}));
        QCOMPARE(test::printed(model), (QStringList{u"note |  | 1 note"_s, u"note | fc | "_s + shown}));
        const QModelIndex cell = model.index(1, ProblemModel::TextColumn);
        QCOMPARE(cell.data(Qt::ToolTipRole).toString(), u"note, rule rule\nfc\n"_s + shown);
        QCOMPARE(cell.data(Qt::AccessibleDescriptionRole), cell.data(Qt::ToolTipRole));
        QCOMPARE(cell.data(ProblemModel::SeverityRole).toString(), u"note"_s);
    }

    void whyNothingIsApplied()
    {
        Session session;
        QCOMPARE(applyProblem(session, {}), u"The quantizers are not known yet."_s);
        QVERIFY(test::openAndWait(session, test::sample("digits_fixed_qcdq.onnx")));
        QCOMPARE(applyProblem(session, session.currentSlot()),
            u"This file says its quantizers itself (QCDQ): a recipe cannot change them. Open the state_dict to choose "
            "others."_s);
        QVERIFY(test::openAndWait(session, test::data("field/int_kinds.pt")));
        QCOMPARE(applyProblem(session, session.currentSlot()),
            u"The file holds only quantized values here: there are no float weights to quantize differently."_s);
        QVERIFY(test::openAndWait(session, test::sample("digits_fixed.pt")));
        QCOMPARE(applyProblem(session, session.currentSlot()), QString());
    }
};

QTEST_MAIN(FactsTest)
#include "tst_facts.moc"
