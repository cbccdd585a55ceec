#pragma once

// The networks have members called slots.
#include "checks/rule_table.h"
#include "report/inspect.h"
#include "support/flow_sketch.h"

#include <QString>
#include <QStringList>
#include <QtTest>

#include <functional>

namespace quantscope::test {

inline constexpr float kWeightStep = 0x1p-7f, kInputStep = 0x1p-6f;

inline const QString kSampleChain = QStringLiteral("x > q > c > r > y");

/// 12 weights of 4 output channels with the codes -127 to 127, on a grid of 2^-7.
inline std::vector<float> weightValues()
{
    std::vector<float> values;
    for (int i = 0; i < 12; ++i)
        values.push_back(static_cast<float>(i * 23 - 126) * kWeightStep);
    return values;
}

inline SlotQuantizer biasSlot(std::vector<float> values, std::optional<Quantizer> quantizer)
{
    SlotQuantizer slot = slotOf(values, {static_cast<std::int64_t>(values.size())}, quantizer.value_or(Quantizer{}));
    slot.slot = Slot::Bias;
    slot.quantizer = std::move(quantizer);
    return slot;
}

inline Quantizer biasQuantizer(int bits, float scale) { return affine(bits, true, false, {{}, {}, {scale}}); }

/// q quantizes the input, c is a convolution with weight and bias, r a ReLU with a quantizer.
struct RuleSample {
    explicit RuleSample(
        const QString &layers = QStringLiteral("q=i8 2^-6; c; r=u8 2^-5"), const QString &edges = kSampleChain)
        : network(FlowSketch(layers, edges).network)
    {
        network.dialect = Dialect::BrevitasStateDict;
        network.file = std::make_shared<const ModelFile>();
        layer("c").kind = "Conv2d";
        layer("c").slots.push_back(
            slotOf(weightValues(), {4, 3, 1, 1}, affine(8, true, true, {{}, {}, {kWeightStep}})));
        layer("c").slots.push_back(
            biasSlot({0.5f, -0.25f, 0.125f, 0.75f}, biasQuantizer(16, kWeightStep * kInputStep)));
        if (network.layer("r") != nullptr)
            layer("r").kind = "ReLU";
    }

    Layer &layer(std::string_view name) { return *network.layer(name); }
    SlotQuantizer &slot(std::string_view name, Slot slot) { return *layer(name).slot(slot); }
    Quantizer &quantizer(std::string_view name, Slot of) { return *slot(name, of).quantizer; }
    Quantizer &weight() { return quantizer("c", Slot::Weight); }
    Quantizer &bias() { return quantizer("c", Slot::Bias); }
    Quantizer &input() { return quantizer("q", Slot::Act); }
    Quantizer &relu() { return quantizer("r", Slot::Act); }
    void setBias(Quantizer quantizer) { slot("c", Slot::Bias).quantizer = std::move(quantizer); }
    void floatBias() { slot("c", Slot::Bias).quantizer.reset(); }
    void weights(std::vector<float> values) { slot("c", Slot::Weight).tensor = floatTensor("w", {4, 3, 1, 1}, values); }
    void say(std::string rule, Severity severity, std::string text = {})
    {
        network.diagnostics.push_back({std::move(rule), severity, {}, std::move(text)});
    }

    Network network;
};

inline CheckResult checked(const Network &network, std::optional<Target> target)
{
    return check(*inspect(std::make_shared<const Network>(network), {.channels = true}), target);
}

/// "error zero-point c weight", worst first.
inline QStringList findingsOf(const Network &network, std::optional<Target> target)
{
    QStringList out;
    for (const Finding &finding : checked(network, target).findings) {
        QString line = QString::fromUtf8(severityName(finding.severity)) + u' ' + QString::fromStdString(finding.rule);
        if (finding.subject.layer)
            line += u' ' + QString::fromStdString(subjectName(network, finding.subject));
        if (finding.subject.slot)
            line += u' ' + QString::fromUtf8(slotName(*finding.subject.slot));
        out << line;
    }
    return out;
}

/// Where all is muted, as much is muted as is said else.
inline void compareMuted(Network network, std::optional<Target> target)
{
    const std::size_t said = checked(network, target).findings.size();
    network.recipe.mutes = {"*"};
    const CheckResult result = checked(network, target);
    QCOMPARE(result.findings.size(), std::size_t{0});
    QCOMPARE(result.muted, said);
}

using Change = std::function<void(RuleSample &)>;

/// A change of the sample, and all that a target says of it then, beside what it says of the sample itself.
struct RuleCase {
    const char *name;
    std::optional<Target> target;
    Change change;
    QStringList findings;
};

/// A row for each case; what the row finds is compared by compareRuleCase.
inline void addRuleCases(const std::vector<RuleCase> &cases)
{
    QTest::addColumn<int>("index");
    for (std::size_t i = 0; i < cases.size(); ++i)
        QTest::newRow(cases[i].name) << static_cast<int>(i);
}

inline void compareRuleCase(const std::vector<RuleCase> &cases)
{
    QFETCH(int, index);
    const RuleCase &row = cases[static_cast<std::size_t>(index)];
    RuleSample sample;
    if (row.change)
        row.change(sample);
    QCOMPARE(findingsOf(sample.network, row.target), row.findings);
    compareMuted(sample.network, row.target);
}

inline void setSeveralScales(Quantizer &quantizer, int axis)
{
    quantizer.scale = Granular{axis == 0 ? Shape{4, 1, 1, 1} : Shape{1, 3, 1, 1}, axis,
        axis == 0 ? std::vector<float>{0x1p-7f, 0x1p-7f, 0x1p-8f, 0x1p-7f}
                  : std::vector<float>{0x1p-7f, 0x1p-8f, 0x1p-7f}};
}

inline Quantizer minifloat()
{
    Quantizer quantizer = affine(8, true, false, {{}, {}, {1.0f}});
    quantizer.kind = QuantizerKind::Minifloat;
    quantizer.rule = CodeRule::MinifloatPattern;
    quantizer.minifloat = {4, 3};
    return quantizer;
}

inline Quantizer binary(float scale)
{
    Quantizer quantizer = affine(1, true, false, {{}, {}, {scale}});
    quantizer.kind = QuantizerKind::Binary;
    quantizer.rule = CodeRule::Threshold;
    return quantizer;
}

} // namespace quantscope::test
