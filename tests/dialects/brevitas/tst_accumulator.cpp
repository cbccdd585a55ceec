// The model has members named `slots`.
#include "base/text.h"
#include "support/state_file.h"

#include <QtTest>

using namespace quantscope;
using test::recovered, test::weight, test::preset, test::entry, test::ramp, test::findRule;

/// The width of IntBias: as Brevitas computes that of its accumulator.
class TestAccumulator : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// The limits of an accumulator that no integer here holds, and of one over no weights at all.
    void accumulatorWidths_data()
    {
        QTest::addColumn<QString>("weightPreset");
        QTest::addColumn<Shape>("shape");
        QTest::addColumn<int>("inputBits");
        QTest::addColumn<int>("bits"); ///< 0: refused
        // ceil(log2((2^8 - 1) * W * 4)): W = 2^6 - 1, 2^8 - 2
        QTest::newRow("over a candidate of the lab") << "ap_fixed<6,0>" << Shape{4, 4} << 8 << 16;
        QTest::newRow("over a preset") << "Int8WeightPerTensorFloat" << Shape{4, 4} << 8 << 18;
        QTest::newRow("too wide") << "ap_fixed<32,0>" << Shape{4, 4} << 32 << 0;
        QTest::newRow("over two levels") << "SignedBinaryWeightPerTensorConst" << Shape{4, 4} << 8 << 0; // log2 0
    }

    void accumulatorWidths()
    {
        QFETCH(QString, weightPreset);
        QFETCH(Shape, shape);
        QFETCH(int, inputBits);
        QFETCH(int, bits);
        const std::string input = "input_scale = 0.5\ninput_bit_width = " + std::to_string(inputBits);
        const auto network = recovered({weight("fc", shape), {"fc.bias", {4}, ramp(4)}},
            preset("fc", "weight", weightPreset.toStdString()) + entry("fc", "bias", "preset = \"IntBias\"\n" + input));
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        QCOMPARE(findRule(*network, "bit-width") != nullptr, bits == 0);
        if (bits != 0)
            QCOMPARE(network->layer("fc")->slot("bias")->quantizer->bitWidth, std::optional(bits));
    }

    /// Widths that live Brevitas computed; of 0.9.1, by its source, from the output channels.
    void accumulatorsOfConvolutions_data()
    {
        QTest::addColumn<QString>("version");
        QTest::addColumn<QString>("kind");
        QTest::addColumn<Shape>("shape");
        QTest::addColumn<int>("groups");
        QTest::addColumn<int>("stride");
        QTest::addColumn<int>("bits");
        const auto row = [](const char *version, const char *kind, Shape shape, int groups, int stride, int bits) {
            QTest::addRow("%s %s of %s, groups %d, stride %d", version, kind, shapeText(shape).c_str(), groups, stride)
                << version << kind << shape << groups << stride << bits;
        };
        row("0.10.2", "Linear", {5, 6}, 1, 1, 19);
        row("0.9.1", "Linear", {5, 6}, 1, 1, 19);
        row("0.10.2", "Conv2d", {8, 2, 3, 3}, 2, 1, 21);
        row("0.10.2", "Conv1d", {8, 2, 3}, 1, 1, 19);
        row("0.9.1", "Conv1d", {8, 2, 3}, 1, 1, 21);
        row("0.9.1", "Conv1d", {8, 2, 3}, 4, 1, 19);
        row("0.10.2", "ConvTranspose1d", {4, 2, 2}, 1, 3, 17);
        row("0.10.2", "ConvTranspose1d", {4, 2, 3}, 1, 2, 18); // round(1.5) = 2
        row("0.10.2", "ConvTranspose1d", {4, 2, 5}, 1, 2, 18); // round(2.5) = 2: half to even
        row("0.9.1", "ConvTranspose1d", {4, 2, 5}, 1, 2, 18);
        row("0.10.2", "ConvTranspose1d", {4, 2, 7}, 1, 2, 19); // round(3.5) = 4
        row("0.10.2", "ConvTranspose1d", {4, 2, 7}, 1, 3, 18);
        row("0.10.2", "ConvTranspose2d", {4, 3, 5, 5}, 2, 2, 20);
    }

    void accumulatorsOfConvolutions()
    {
        QFETCH(QString, version);
        QFETCH(QString, kind);
        QFETCH(Shape, shape);
        QFETCH(int, groups);
        QFETCH(int, stride);
        QFETCH(int, bits);
        const QString layer = QString("brevitas = \"%1\"\n[[layer]]\nmatch = \"c\"\nkind = \"%2\"\ngroups = %3\nstride "
                                      "= %4\n")
                                  .arg(version, kind)
                                  .arg(groups)
                                  .arg(stride);
        const auto network = recovered({weight("c", shape), {"c.bias", {12}, ramp(12)}},
            layer.toStdString() + preset("c", "weight", "Int8WeightPerTensorFloat")
                + entry("c", "bias", "preset = \"IntBias\"\nbit_width = 10\ninput_scale = 0.5\ninput_bit_width = 8"));
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        QCOMPARE(network->layer("c")->slot("bias")->quantizer->bitWidth, std::optional(bits));
        QVERIFY(findRule(*network, "keyword-without-effect") != nullptr); // Brevitas leaves bit_width unused
    }

    /// No state_dict tells groups and strides: 1 is a guess where the width hangs on them.
    void unsaidGeometry_data()
    {
        QTest::addColumn<QString>("version");
        QTest::addColumn<QString>("keys"); ///< of [[layer]]
        QTest::addColumn<bool>("assumed");
        QTest::newRow("groups of 0.9.1") << "0.9.1"
                                         << "kind = \"Conv1d\"" << true;
        QTest::newRow("groups of 0.9.1, said") << "0.9.1"
                                               << "groups = 1" << false;
        QTest::newRow("groups of 0.10.2, which the shape tells") << "0.10.2"
                                                                 << "kind = \"Conv1d\"" << false;
        QTest::newRow("a stride") << "0.10.2"
                                  << "kind = \"ConvTranspose1d\"\ngroups = 1" << true;
        QTest::newRow("a stride, said") << "0.10.2"
                                        << "kind = \"ConvTranspose1d\"\nstride = 1" << false;
    }

    void unsaidGeometry()
    {
        QFETCH(QString, version);
        QFETCH(QString, keys);
        QFETCH(bool, assumed);
        const QString layer = QString("brevitas = \"%1\"\n[[layer]]\nmatch = \"c\"\n%2\n").arg(version, keys);
        const auto network = recovered({weight("c", {4, 4, 3}), {"c.bias", {4}, ramp(4)}},
            layer.toStdString() + preset("c", "weight", "Int8WeightPerTensorFloat")
                + entry("c", "bias", "preset = \"IntBias\"\ninput_scale = 0.5\ninput_bit_width = 8"));
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        const SlotQuantizer &bias = *network->layer("c")->slot("bias");
        QCOMPARE(bias.quantizer->origin.at("bit_width").origin == Origin::Assumed, assumed);
        QCOMPARE(bias.assumed, assumed);
    }
};

QTEST_GUILESS_MAIN(TestAccumulator)
#include "tst_accumulator.moc"
