// The network has members named `slots`.
#include "support/state_file.h"

#include <QtTest>

using namespace quantscope;
using namespace quantscope::test;

class TestTruncation : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void pools_data()
    {
        QTest::addColumn<QString>("version");
        QTest::addColumn<QString>("preset");
        QTest::addColumn<int>("bits"); ///< of the input
        QTest::addColumn<float>("ratio"); ///< output scale to input scale, as Brevitas computes them for pools of 2 x 2
        QTest::addColumn<QString>("rounding");
        for (const char *version : {"0.9.1", "0.10.2", "0.11.0"})
            for (const int bits : {8, 6}) {
                QTest::addRow("%s, %d bits, floor", version, bits)
                    << version << "TruncTo8bit" << bits << 1.0f << "FLOOR";
                QTest::addRow("%s, %d bits, round", version, bits)
                    << version << "RoundTo8bit" << bits << 1.0f << "ROUND";
            }
        QTest::newRow("0.12.1, 8 bits") << "0.12.1"
                                        << "TruncTo8bit" << 8 << 1.0f << "FLOOR";
        QTest::newRow("0.12.1, 6 bits") << "0.12.1"
                                        << "RoundTo8bit" << 6 << 0.25f << "ROUND";
    }

    /// Eight bits of its input's sign; up to 0.11 the scale stays, from 0.12 on it has the shift, and the pool's area.
    void pools()
    {
        QFETCH(QString, version);
        QFETCH(QString, preset);
        QFETCH(int, bits);
        QFETCH(float, ratio);
        QFETCH(QString, rounding);
        const auto network = recovered({actKey("q", "scaling_impl.value", {}, {3})},
            "brevitas = \"" + version.toStdString() + "\"\n"
                + entry("q", "act", "preset = \"Uint8ActPerTensorFloat\"\nbit_width = " + std::to_string(bits))
                + entry("pool", "trunc", "preset = \"" + preset.toStdString() + "\"\ninput = \"q\""));
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        const SlotQuantizer &slot = *network->layer("pool")->slot("trunc");
        QVERIFY(slot.quantizer && slot.quantizer->isComplete());
        QCOMPARE(slot.quantizer->bitWidth, std::optional(8));
        QCOMPARE(slot.quantizer->isSigned, std::optional(false));
        QCOMPARE(QString::fromStdString(std::string(roundingName(slot.quantizer->rounding))), rounding);
        QCOMPARE(
            slot.quantizer->scale->values[0], network->layer("q")->slot("act")->quantizer->scale->values[0] * ratio);
        QCOMPARE(slot.assumed, version.startsWith("0.12"));
    }

    /// A shifted input keeps its zero point.
    void zeroPoint()
    {
        const auto network = recovered(
            {actKey("q", "scaling_impl.value", {}, {2.55f}), actKey("q", "zero_point_impl.value", {}, {-1})},
            preset("q", "act", "ShiftedUint8ActPerTensorFloat")
                + entry("pool", "trunc", "preset = \"RoundTo8bit\"\ninput = \"q\""));
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        const Quantizer &input = *network->layer("q")->slot("act")->quantizer;
        QCOMPARE(input.zeroPoint->values[0], 100.0f);
        QCOMPARE(network->layer("pool")->slot("trunc")->quantizer->zeroPoint->values[0], 100.0f);
    }

    /// Before 0.9 there was no rounding one.
    void older()
    {
        const auto network = recovered({actKey("q", "scaling_impl.value", {}, {3})},
            "brevitas = \"0.8.0\"\n" + preset("q", "act", "Uint8ActPerTensorFloat")
                + entry("pool", "trunc", "preset = \"RoundTo8bit\"\ninput = \"q\""));
        QVERIFY(!network);
        QVERIFY2(
            network.error().text().find("came with Brevitas 0.9") != std::string::npos, network.error().text().c_str());
    }
};

QTEST_GUILESS_MAIN(TestTruncation)
#include "tst_truncation.moc"
