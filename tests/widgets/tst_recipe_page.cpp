#include "charts/bar_data.h"
#include "pages/recipe_page.h"
#include "support.h"

#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTableView>

using namespace quantscope;
using namespace Qt::StringLiterals;

namespace {

int bitsOf(const Session &session, const char *layer) { return session.network()->layer(layer)->slot("weight")->quantizer->bitWidth.value_or(0); }

} // namespace

/// The recipe as a table that is edited: keywords for many quantizers at once, undone as one.
class RecipePageTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { Settings::setVolatile(); }
    void init() { test::failOnWarnings(); }

    void aKeywordForTwoLayersIsOneEdit()
    {
        Session session;
        QVERIFY(test::openAndWait(session, test::sample("digits_fixed.pt")));
        RecipePage page(session);
        page.resize(900, 700);
        page.show();
        QVERIFY(QTest::qWaitFor([&] { return page.table()->model()->rowCount() == 12; }));
        page.table()->clearSelection();
        for (int row = 0; row < 12; ++row) {
            const QString layer = page.table()->model()->index(row, 0).data().toString(), slot = page.table()->model()->index(row, 1).data().toString();
            if (slot == u"weight" && (layer == u"conv1" || layer == u"fc2"))
                page.table()->selectionModel()->select(page.table()->model()->index(row, 0), QItemSelectionModel::Select | QItemSelectionModel::Rows);
        }
        auto *keyword = page.findChild<QComboBox *>(u"keyword"_s);
        auto *value = page.findChild<QLineEdit *>(u"keyword-value"_s);
        auto *set = page.findChild<QPushButton *>(u"set-keyword"_s);
        QVERIFY(set->isEnabled());
        keyword->setCurrentText(u"bit_width"_s);
        value->setText(u"99"_s);
        set->click();
        auto *error = page.findChild<QLabel *>(u"keyword-error"_s);
        QVERIFY2(error->text().contains(u"from 1 to 32"), qPrintable(error->text()));
        QCOMPARE(session.undoStack().count(), 0); // nothing was changed
        value->setText(u"5"_s);
        set->click();
        QVERIFY(QTest::qWaitFor([&] { return bitsOf(session, "conv1") == 5 && bitsOf(session, "fc2") == 5; }));
        QCOMPARE(bitsOf(session, "conv2"), 6);
        QCOMPARE(session.undoStack().count(), 1);
        // conv1's preset and its bias' input stay: only the keyword was added.
        QCOMPARE(session.network()->layer("conv1")->slot("weight")->preset, std::string("Int8WeightPerTensorFixedPoint"));
        QVERIFY(session.network()->layer("conv1")->slot("bias")->quantizer->scale.has_value());
        session.undoStack().undo();
        QVERIFY(QTest::qWaitFor([&] { return bitsOf(session, "conv1") == 8 && bitsOf(session, "fc2") == 8; }));
    }

    void logarithmsOfCounts()
    {
        BarData data;
        data.sets.push_back({u"values"_s, BarRole::Ordinary, {0, 9, 99}});
        QCOMPARE(logCounts(data).sets[0].values, (std::vector<double>{0, 1, 2}));
    }
};

QTEST_MAIN(RecipePageTest)
#include "tst_recipe_page.moc"
