import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Browsers that may be told by push, and what is on its way to them."""

    dependencies = [
        ('accounts', '0020_waiting'),
    ]

    operations = [
        migrations.CreateModel(
            name='PushSubscription',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('endpoint', models.CharField(max_length=1000)),
                ('p256dh', models.CharField(max_length=100)),
                ('auth', models.CharField(max_length=100)),
                ('site_key', models.CharField(max_length=16)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('sign_in', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='push_subscription', to='accounts.signin')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='push_subscriptions', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'push subscription',
                'verbose_name_plural': 'push subscriptions',
                'constraints': [models.UniqueConstraint(fields=('endpoint',), name='push_endpoint_once')],
            },
        ),
        migrations.CreateModel(
            name='PushDelivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(max_length=10)),
                ('matter', models.BigIntegerField()),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('begun_at', models.DateTimeField(editable=False, null=True)),
                ('done_at', models.DateTimeField(editable=False, null=True)),
                ('subscription', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='accounts.pushsubscription')),
            ],
            options={
                'verbose_name': 'push delivery',
                'verbose_name_plural': 'push deliveries',
                'indexes': [models.Index(fields=['created_at'], name='push_delivery_age')],
                'constraints': [models.UniqueConstraint(fields=('subscription', 'source', 'matter'), name='push_delivery_once')],
            },
        ),
    ]
