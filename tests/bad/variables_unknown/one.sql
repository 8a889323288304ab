select 1
from ${where}
