// The network has members named `slots`.
#include "support/state_file.h"

#include <QtTest>

using namespace quantscope;
using namespace quantscope::test;

class TestOrderOfAddition : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void scales_data()
    {
        QTest::addColumn<QString>("recipe");
        QTest::addColumn<bool>("said");
        const QString floats = "Int8WeightPerTensorFloat\"\nscaling_stats_op = \"%1\"\n";
        QTest::newRow("abs-max") << "Int8WeightPerTensorFloat\"\n" << false;
        QTest::newRow("mean") << floats.arg("ave") << true;
        QTest::newRow("mean of maxima") << floats.arg("max_ave") << true;
        QTest::newRow("mean and sigma") << floats.arg("mean_sigma_std") + "sigma = 2.0\n" << true;
        QTest::newRow("percentile") << floats.arg("percentile") + "high_percentile_q = 90.0\n" << false;
        QTest::newRow("mean, logarithm") << floats.arg("ave") + "restrict_scaling_type = \"log_fp\"\n" << true;
        QTest::newRow("mean, power of two") << floats.arg("ave") + "restrict_scaling_type = \"power_of_two\"\n"
                                            << false;
        QTest::newRow("mean per channel") << "Int8WeightPerChannelFloat\"\nscaling_stats_op = \"ave\"\n" << true;
        QTest::newRow("mean that is searched and stored") << "Int8WeightPerTensorFloatMSE\"\n" << false;
        QTest::newRow("constant") << "SignedBinaryWeightPerTensorConst\"\n" << false;
        QTest::newRow("he") << "Int8WeightPerTensorFloat\"\nscaling_impl_type = \"he\"\n" << false;
        QTest::newRow("binary") << "binary\"\n" << true;
        QTest::newRow("ternary") << "ternary\"\n" << true;
    }

    /// Where a scale is a sum in float32, its origin ends with what that means; what follows from it says so too.
    void scales()
    {
        QFETCH(QString, recipe);
        QFETCH(bool, said);
        const std::string end = "; its last bit depends on the order of addition";
        const auto network = recovered({weight("c", {4, 3, 2, 2}), weightKey("c", "scaling_impl.value", {}, {1}),
                                           {"c.bias", {4}, ramp(4)}, weight("d", {4, 4})},
            "[[quantizer]]\nmatch = \"c\"\nslot = \"weight\"\npreset = \"" + recipe.toStdString()
                + entry("c", "bias", "preset = \"Int16Bias\"\ninput_scale = 0.5")
                + entry("d", "weight", "preset = \"Int8WeightPerTensorFloat\""));
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        for (const char *slot : {"weight", "bias"}) {
            const SlotQuantizer &found = *network->layer("c")->slot(slot);
            QVERIFY2(found.quantizer && found.quantizer->scale, slot);
            const std::string detail = found.quantizer->origin.at("scale").detail;
            QVERIFY2(detail.ends_with(end) == said, detail.c_str());
            QVERIFY2(said || detail.find(end) == std::string::npos, detail.c_str());
        }
        QVERIFY(!network->layer("d")->slot("weight")->quantizer->origin.at("scale").detail.ends_with(end));
    }
};

QTEST_GUILESS_MAIN(TestOrderOfAddition)
#include "tst_order_of_addition.moc"
