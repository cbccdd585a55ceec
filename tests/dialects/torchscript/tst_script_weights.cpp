#include "support/opened.h"
#include "support/paths.h"

#include <algorithm>

#include <QtTest>

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
