// The networks have members called slots.
#include "support/rule_sample.h"

#include <QtTest>

using namespace quantscope;
using namespace quantscope::test;
using namespace Qt::StringLiterals;
using Sample = RuleSample;

namespace {

const std::vector<RuleCase> &ruleCases()
{
    constexpr auto kNone = std::optional<Target>();
    using enum Target;
    static const std::vector<RuleCase> cases = {
        {"clean", kNone, {}, {}},
        {"8-bit bias on the grid of the sums", kNone, [](Sample &s) { s.bias().bitWidth = 8; },
            {u"warning bias-saturated c bias"_s, u"warning bias-8bit c bias"_s, u"note point-outside-word c bias"_s}},
        {"8-bit bias of its own", kNone, [](Sample &s) { s.setBias(biasQuantizer(8, 0x1p-7f)); }, {}},
        {"a bias at the ends of int32", kNone,
            [](Sample &s) { s.setBias(biasQuantizer(32, 0x1p-33f)); }, // 0.5 is 2^32 steps
            {u"error bias-int32-clip c bias"_s, u"note point-outside-word c bias"_s}},
        {"a narrower bias that int32 would not hold", kNone, [](Sample &s) { s.setBias(biasQuantizer(16, 0x1p-33f)); },
            {u"error bias-int32-clip c bias"_s, u"warning bias-saturated c bias"_s,
                u"note point-outside-word c bias"_s}},
        {"a bias below the ends", kNone, [](Sample &s) { s.setBias(biasQuantizer(32, 0x1p-30f)); }, {}},
        {"a bias of zeros under a power of two", kNone,
            [](Sample &s) {
                s.slot("c", Slot::Bias) = biasSlot({0, 0, 0, 0}, biasQuantizer(8, 7.8125e-13f));
                s.slot("c", Slot::Bias).preset = "Int8BiasPerTensorFixedPointInternalScaling";
                s.bias().origin["scale"] = {Origin::Computed, "abs-max"};
            },
            {u"warning all-zero c bias"_s}},
        {"a bias that needs an input", kNone,
            [](Sample &s) {
                s.floatBias();
                s.network.diagnostics.push_back(
                    {"input-unknown", Severity::Error, {s.layer("c").id, Slot::Bias}, "c bias: nothing says"});
            },
            {u"error bias-needs-input-scale c bias"_s}},
        {"a weight that needs an input", kNone,
            [](Sample &s) {
                s.network.diagnostics.push_back(
                    {"input-unknown", Severity::Error, {s.layer("c").id, Slot::Weight}, "c weight: nothing says"});
            },
            {u"error input-unknown c weight"_s}},
        {"a scale that is infinite", kNone,
            [](Sample &s) { s.input().scale->values = {-std::numeric_limits<float>::infinity()}; },
            {u"error not-finite q act"_s}},
        {"a scale below zero", kNone, [](Sample &s) { s.input().scale->values = {-1.0f}; },
            {u"error scale-not-positive q act"_s}},
        {"weights that are not finite", kNone,
            [](Sample &s) {
                std::vector<float> values = weightValues();
                values[3] = std::numeric_limits<float>::quiet_NaN();
                s.weights(values);
            },
            {u"error not-finite c weight"_s}},
        {"a channel of zeros", kNone,
            [](Sample &s) {
                std::vector<float> values = weightValues();
                std::fill_n(values.begin() + 3, 3, 0.0f);
                s.weights(values);
            },
            {u"warning dead-channel c weight"_s}},
        {"a preset that is no fixed point", kNone,
            [](Sample &s) {
                s.slot("c", Slot::Weight).preset = "Int8WeightPerChannelFixedPoint";
                s.weight().scale->values = {0.0078f};
            },
            {u"warning preset-name c weight"_s}},
        {"a preset that is one", kNone,
            [](Sample &s) { s.slot("c", Slot::Weight).preset = "Int8WeightPerTensorFixedPoint"; }, {}},
        {"swapped attributes", kNone,
            [](Sample &s) { s.say("qonnx-signed-narrow-swapped", Severity::Warning, "swapped"); },
            {u"warning dialect"_s}},
        {"swapped attributes for FINN", Finn,
            [](Sample &s) { s.say("qonnx-signed-narrow-swapped", Severity::Warning, "swapped"); },
            {u"error dialect"_s, u"warning dialect"_s}},
        {"what was never calibrated", kNone,
            [](Sample &s) {
                s.network.diagnostics.push_back(
                    {"never-calibrated", Severity::Warning, {s.layer("q").id, Slot::Act}, "q act: never"});
            },
            {u"warning never-calibrated q act"_s}},
    };
    return cases;
}

} // namespace

/// Rules that hold for every target; findings and what becomes of them.
class TestRules : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void ofSlots_data() { test::addRuleCases(ruleCases()); }
    void ofSlots() { test::compareRuleCase(ruleCases()); }

    void ofTheFlow_data()
    {
        QTest::addColumn<QString>("layers");
        QTest::addColumn<QString>("edges");
        QTest::addColumn<QStringList>("findings");
        const QString chain = u"q=i8 2^-6; c"_s, pair = u"q=i8 2^-6; s=i8 2^-5; c"_s,
                      equals = u"q=i8 2^-6; s=i8 2^-6; c"_s;
        QTest::newRow("kept") << chain << u"x > q > keep.Flatten > c"_s << QStringList{};
        QTest::newRow("a ReLU, which a graph cannot tell from nn.ReLU")
            << chain << u"x > q > a.Relu > keep.Flatten > c"_s << QStringList{u"warning propagation-lost c"_s};
        QTest::newRow("a mean, whose scale the bias has")
            << chain << u"x > q > a.ReduceMean > c"_s << QStringList{u"error propagation-lost c"_s};
        QTest::newRow("the first of two operators")
            << chain << u"x > q > a.Relu > b.ReduceMean > c"_s << QStringList{u"warning propagation-lost c"_s};
        QTest::newRow("a slice, which keeps values and loses the scale that the bias has")
            << chain << u"x > q > keep.Slice > c"_s << QStringList{u"error propagation-lost c"_s};
        QTest::newRow("limits, behind which values are still on the grid")
            << chain << u"x > q > a.Clip > c"_s << QStringList{u"warning propagation-lost c"_s};
        QTest::newRow("never quantized") << u"c"_s << u"x > a.Relu > c"_s << QStringList{};
        QTest::newRow("quantized again") << u"q=i8 2^-6; r=i8 2^-6; c"_s << u"x > q > a.ReduceMean > r > c"_s
                                         << QStringList{};
        QTest::newRow("a sum of equals") << equals << u"x > q > add > c; x > s > add"_s
                                         << QStringList{u"note shared-suspected q act"_s};
        QTest::newRow("one quantizer") << chain << u"x > q > add > c; q > add"_s << QStringList{};
        QTest::newRow("a sum of others") << pair << u"x > q > add > c; x > s > add"_s
                                         << QStringList{u"warning scales-differ s act"_s};
        QTest::newRow("a join that misses a scale")
            << equals << u"x > q > cat > c; x > s > a.ReduceMean > cat"_s
            << QStringList{u"error propagation-lost c"_s, u"error propagation-lost"_s};
    }

    void ofTheFlow()
    {
        QFETCH(QString, layers);
        QFETCH(QString, edges);
        const Sample sample(layers, edges);
        QTEST(findingsOf(sample.network, {}), "findings");
        test::compareMuted(sample.network, {});
    }

    void joinsOfFinn()
    {
        const Sample sample(u"q=i8 2^-6; s=i8 2^-5; c"_s, u"x > q > add > c; x > s > add"_s);
        QCOMPARE(findingsOf(sample.network, Target::Finn).front(), u"error scales-differ s act"_s);
        const CheckResult result = checked(sample.network, {});
        QCOMPARE(result.findings.front().fix,
            std::string(
                "let one quantizer make all of them, best s act (i8, scale 2^-5, zero point 0): in Brevitas one "
                "QuantIdentity(return_quant_tensor=True) that every branch goes through"));
    }

    void sentence()
    {
        const Sample sample(u"q=i8 2^-6; c"_s, u"x > q > a.ReduceMean > c"_s);
        const Finding finding = checked(sample.network, {}).findings.front();
        QCOMPARE(finding.text,
            std::string(
                "c: the quantization of q act (i8, scale 2^-6, zero point 0) is lost in ReduceMean (node "
                "a.ReduceMean), so it receives a plain tensor: mean loses it in every version of Brevitas; its bias "
                "has the scale of the lost grid"));
        QCOMPARE(finding.fix, std::string("write QuantIdentity(return_quant_tensor=True) behind it"));
    }

    /// torch.flatten of Brevitas 0.6, which no file shows.
    void flattenOfOldBrevitas_data()
    {
        QTest::addColumn<QString>("version");
        QTest::addColumn<QStringList>("findings");
        QTest::newRow("0.6.0") << u"0.6.0"_s << QStringList{u"note propagation-lost l"_s};
        QTest::newRow("0.7.1") << u"0.7.1"_s << QStringList{};
        QTest::newRow("none") << QString() << QStringList{};
    }

    void flattenOfOldBrevitas()
    {
        QFETCH(QString, version);
        Sample sample(u"q=i8 2^-6; c; l"_s, {});
        Layer linear = sample.layer("c");
        linear.name = "l";
        linear.kind = "Linear";
        linear.id = sample.layer("l").id;
        sample.layer("l") = std::move(linear);
        sample.network.flow = Flow();
        sample.floatBias();
        sample.network.layers[2].slots.pop_back();
        if (!version.isEmpty())
            sample.network.recipe.brevitas = version.toStdString();
        QTEST(findingsOf(sample.network, {}), "findings");
    }

    void withoutGraph()
    {
        Sample sample;
        sample.network.flow = Flow();
        sample.floatBias();
        const CheckResult result = checked(sample.network, Target::Finn);
        QStringList rules;
        for (const UncheckedRule &rule : result.unchecked) {
            rules << QString::fromStdString(rule.rule);
            QVERIFY2(rule.why.starts_with("cannot be checked from a state_dict"), rule.why.c_str());
        }
        QCOMPARE(rules,
            QStringList({u"propagation-lost"_s, u"scales-differ"_s, u"operator-unsupported"_s, u"input-float"_s}));
        QVERIFY(result.accepted());
        QVERIFY(checked(Sample().network, Target::Finn).unchecked.empty());
    }

    void accumulators_data()
    {
        QTest::addColumn<int>("bits");
        QTest::addColumn<QString>("bound");
        QTest::addColumn<QString>("assumed");
        QTest::addColumn<QString>("finding");
        const QString sums
            = u"c: its sums reach from -7 to 9%1 and need 33 bits, where 32 are declared (output channel 2)"_s;
        QTest::newRow("enough") << 32 << QString() << QString() << QString();
        QTest::newRow("too few") << 33 << QString() << QString() << u"error "_s + sums.arg(QString());
        QTest::newRow("too few, at most")
            << 33 << u"its stride is not known"_s << QString() << u"warning "_s + sums.arg(u" at most"_s);
        QTest::newRow("a weight that is assumed")
            << 33 << QString() << u"c"_s
            << u"warning "_s + sums.arg(QString()) + u" (as it is assumed: neither file nor recipe says all of it)"_s;
        QTest::newRow("an input that is assumed")
            << 33 << QString() << u"q"_s
            << u"warning "_s + sums.arg(QString()) + u", with the input quantizer that is assumed"_s;
    }

    void accumulators()
    {
        QFETCH(int, bits);
        QFETCH(QString, bound);
        QFETCH(QString, assumed);
        Sample sample;
        if (!assumed.isEmpty())
            sample.layer(assumed.toStdString()).slots.front().assumed = true;
        AccumulatorRange range;
        range.layer = sample.network.layer("c")->id;
        range.input = {sample.network.layer("q")->id, Slot::Act};
        range.min = -7;
        range.max = 9;
        range.channel = 2;
        range.bitsNeeded = bits;
        range.bound = bound.toStdString();
        const Accumulators accumulators{{range}, {{sample.network.layer("r")->id, "its input is not known"}}};
        const Inspection inspection = *inspect(std::make_shared<const Network>(sample.network));
        const CheckResult result = check(inspection, {}, &accumulators);
        QString finding;
        for (const Finding &found : result.findings)
            if (found.rule == "accumulator-overflow")
                finding += QString::fromUtf8(severityName(found.severity)) + u' ' + QString::fromStdString(found.text);
        QTEST(finding, "finding");
        QCOMPARE(result.unchecked.size(), std::size_t(1));
        QCOMPARE(result.unchecked.front().rule, std::string("accumulator-overflow"));
        QCOMPARE(result.unchecked.front().why,
            std::string("the sums of 1 layer are not known, r first: its input is not known"));
    }

    void muted_data()
    {
        QTest::addColumn<QStringList>("patterns");
        QTest::addColumn<QStringList>("findings");
        const QString zero = u"error zero-point c weight"_s, sign = u"error signedness q act"_s;
        QTest::newRow("nothing") << QStringList{} << QStringList{zero, sign};
        QTest::newRow("a rule") << QStringList{u"zero-point"_s} << QStringList{sign};
        QTest::newRow("a rule of a layer") << QStringList{u"zero-point:c*"_s} << QStringList{sign};
        QTest::newRow("a rule of another layer") << QStringList{u"zero-point:q"_s} << QStringList{zero, sign};
        QTest::newRow("every rule of a layer") << QStringList{u"*:q"_s} << QStringList{zero};
        QTest::newRow("both") << QStringList{u"sign*"_s, u"zero-point"_s} << QStringList{};
    }

    void muted()
    {
        QFETCH(QStringList, patterns);
        QFETCH(QStringList, findings);
        Sample sample;
        sample.weight().zeroPoint->values = {3.0f};
        sample.input().isSigned = false;
        for (const QString &pattern : patterns)
            sample.network.recipe.mutes.push_back(pattern.toStdString());
        QCOMPARE(findingsOf(sample.network, Target::Finn), findings);
        const CheckResult result = checked(sample.network, Target::Finn);
        QCOMPARE(result.muted, static_cast<std::size_t>(2 - findings.size()));
        QCOMPARE(result.accepted(), findings.isEmpty());
    }

    /// A row of a table is complete: a rule without a source cannot be believed, one without an id not be muted.
    void tables()
    {
        std::size_t count = 0;
        for (const std::string_view name : targetNames())
            for (const std::span<const Rule> rules : rulesFor(targetFromName(name)))
                for (const Rule &rule : rules) {
                    ++count;
                    QVERIFY(!rule.id.empty() && !rule.source.empty());
                    QVERIFY((rule.ofSlot == nullptr) != (rule.ofNetwork == nullptr));
                    QVERIFY(rule.id.find(':') == rule.id.npos);
                }
        QVERIFY(count > 60);
    }
};

QTEST_APPLESS_MAIN(TestRules)
#include "tst_rules.moc"
