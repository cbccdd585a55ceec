#include "base/text.h"
#include "dialects/interpret.h"
#include "support/golden.h"
#include "support/opened.h"
#include "support/paths.h"
#include "support/state_file.h"

#include <algorithm>

#include <QtTest>

#include <fmt/format.h>

using namespace quantscope;

/// Weights that the code of an archive quantizes by hand.
class TestScriptWeights : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// Rounded before the zero point is added, rounded down, clamped before it is rounded: values, and no known grid.
    void roundedByHand()
    {
        const Network network = networkOf("rounded.pt");
        for (const std::string name : {"linear_1", "linear_2", "linear_3"}) {
            const Layer *layer = network.layer(name);
            QVERIFY(layer && layer->slot(Slot::Weight)->tensor && !layer->slot(Slot::Weight)->quantizer);
            QVERIFY2(
                says(network, "quantizer-not-understood", "The weight of " + name + " is rounded: "), name.c_str());
        }
    }

    /// fake_quantize by 0.1 in -8..7 and by 0.01 in -128..127; `k` once with a quantizer and once without.
    void quantizedTwice()
    {
        const Network network = networkOf("twice.pt");
        QCOMPARE(network.layer("l")->slot(Slot::Weight)->quantizer->bitWidth, std::optional(4));
        QVERIFY(says(network, "quantized-twice", "l (weight) is used with several quantizers; the first is shown."));
        QVERIFY(!says(network, "quantized-twice", "k "));
        QVERIFY(!says(networkOf("trained.pt"), "quantized-twice", ""));
    }

    /// An LSTM of 12 inputs and a state of 5 reads two weights and two biases.
    void biasesOfAnLstm()
    {
        const Network network = networkOf("float_lstm.pt");
        for (const char *name : {"l.weight_ih_l0", "l.weight_hh_l0"}) {
            const SlotQuantizer *bias = network.layer(name)->slot(Slot::Bias);
            QVERIFY2(bias && bias->tensor, name);
            QCOMPARE(bias->shape, Shape{20});
            QVERIFY(!bias->quantizer);
        }
        QVERIFY(network.layer("l.weight_ih_l0")->slot(Slot::Bias)->tensorName
            != network.layer("l.weight_hh_l0")->slot(Slot::Bias)->tensorName);
    }

    /// torch rounds a code after it adds a zero point of a float type, and rounds learned zero points.
    void zeroPointsOfAFloatType()
    {
        const Network network = networkOf("float_zeros.pt");
        for (const std::string name : {"a", "b", "d"}) {
            QVERIFY2(!network.layer(name)->slot(Slot::Weight)->quantizer, name.c_str());
            QVERIFY2(says(network, "quantizer-not-constant", "The quantizer of " + name + " (weight) is not known: "),
                name.c_str());
        }
        QCOMPARE(network.layer("c")->slot(Slot::Weight)->quantizer->bitWidth, std::optional(4));
    }

    /// Where the outputs of a weight are: behind a transpose along the other axis.
    void outputsOfTurnedWeights()
    {
        const Network network = networkOf("turned.pt");
        QStringList axes;
        for (const Layer &layer : network.layers)
            axes << QString("%1 %2").arg(QString::fromStdString(layer.name)).arg(layer.slot(Slot::Weight)->channelAxis);
        QCOMPARE(axes, (QStringList{"linear_0 1", "linear_1 1", "linear_2 0", "linear_3 0", "conv_4 1", "linear_5 1"}));
        QCOMPARE(network.layer("linear_0")->slot(Slot::Weight)->quantizer->scale->axis, std::optional(1));
    }

    void operandsThatAreScaled()
    {
        const Network network = networkOf("scaled.pt");
        for (const char *name : {"linear_0", "linear_1"})
            QVERIFY2(!network.layer(name)->slot(Slot::Weight)->quantizer, name);
        QVERIFY(
            says(network, "quantizer-not-constant", "The quantizer of linear_1 (weight) is not known: the limits of "));
    }

    /// Packed parameters of a frozen archive keep groups in a tensor, and weights of one axis with one more.
    void groupsOfFrozenConvolutions()
    {
        const Network frozen = networkOf("grouped_frozen.pt");
        QStringList found;
        for (const Layer &layer : frozen.layers)
            if (const SlotQuantizer *weight = layer.slot(Slot::Weight))
                found << QString::fromStdString(
                    fmt::format("{} {} {} {}", layer.name, layer.kind, layer.groups, shapeText(weight->shape, "x")));
        QCOMPARE(
            found, (QStringList{"conv_1 Conv1d 2 6x2x3", "conv_2 Conv1d 6 6x1x3", "conv_3 ConvTranspose1d 2 6x2x2"}));
        QCOMPARE(frozen.layer("conv_3")->slot(Slot::Weight)->channelAxis, 1);
        QCOMPARE(networkOf("residual_frozen.pt").layer("conv_2")->groups, 2);
    }

    /// The sum with a number has no scale of its own, and so is no layer.
    void sumsWithNumbers()
    {
        const Network network = networkOf("norms.pt");
        QCOMPARE(network.layers.size(), std::size_t(3));
        QVERIFY(network.diagnostics.empty());
    }

    /// Truth: the bounds that torch's own modules hold.
    void observersAreSaid()
    {
        const Network network = networkOf("prepared.pt");
        QStringList expected;
        const nlohmann::json seen = test::golden(test::data("torchscript/expect.json"))["observers"];
        for (const auto &[name, bounds] : seen.items())
            expected << QString::fromStdString(fmt::format(
                "{} saw {} to {}", name, shortest(bounds[0].get<float>()), shortest(bounds[1].get<float>())));
        const auto said = std::ranges::find(network.diagnostics, std::string("observers-only"), &Diagnostic::rule);
        QVERIFY(said != network.diagnostics.end());
        const QString text = QString::fromStdString(said->text);
        QVERIFY2(text.startsWith(QString("%1 observers of torch.ao keep what they saw").arg(expected.size())),
            qPrintable(text));
        QCOMPARE(std::ranges::count_if(expected, [&](const QString &one) { return text.contains(one); }), 4);
        QVERIFY(!says(networkOf("trained.pt"), "observers-only", "")); // fake quantizers have scales
    }

    /// Packed by linear_prepack_fp16: one float32 matrix and its bias.
    void halfWeightsAreSaid()
    {
        const auto file = test::stateFile({{"fc._packed_params._packed_params.0", {2, 3}, test::ramp(6)},
            {"fc._packed_params._packed_params.1", {2}, test::ramp(2)}});
        const Network network = *recoverQuantizers(file);
        QVERIFY(network.layer("fc")->slot(Slot::Weight)->tensor);
        QVERIFY(says(network, "weight-float16",
            "torch.ao computes with the weight of fc in float16, which the file keeps as float32: it has no integers"));
        QVERIFY(!says(networkOf("whole.pt"), "weight-float16", ""));
    }

private:
    static Network networkOf(const std::string &name) { return test::opened(test::data("torchscript/" + name)); }

    static bool says(const Network &network, const std::string &rule, const std::string &start)
    {
        return std::ranges::any_of(
            network.diagnostics, [&](const Diagnostic &d) { return d.rule == rule && d.text.starts_with(start); });
    }
};

QTEST_APPLESS_MAIN(TestScriptWeights)
#include "tst_script_weights.moc"
