"""Who a subject is: the shape that files, markers or what is stated of a person tell, or one drawn from the prior."""
